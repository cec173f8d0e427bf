/** The pairs that differ, newest first, with both answers side by side. */
import { useEffect, useMemo, useState } from "preact/hooks"
import type { ShadowPair } from "../../domain/ShadowPair.ts"
import { Badge, Button, Card, Failure, Notice } from "../kit/Kit.tsx"
import { duration, Time } from "../kit/Time.tsx"
import { hrefOf } from "../Router.ts"
import { type ReadPage, usePages } from "../service/Pages.ts"
import { dataOf } from "../service/Service.ts"
import { shadowText } from "../text/ShadowText.ts"
import { useText } from "../text/Text.ts"
import { type Piece, wordDiff } from "./WordDiff.ts"
import { visible } from "../../domain/PlainText.ts"
import { Table } from "../kit/Table.tsx"

const Words = ({ pieces }: { readonly pieces: ReadonlyArray<Piece> }) => (
  <p class="answer-text" tabIndex={0}>
    {pieces.map(({ shared, text }, place) =>
      // A piece has no identity beside its place.
      shared ? <span key={place}>{text}</span> : <mark key={place}>{text}</mark>,
    )}
  </p>
)

const Texts = ({ pair: { primary, primaryMode, shadow, shadowMode } }: { readonly pair: ShadowPair }) => {
  const t = useText(shadowText)
  const [left, right] = [primary.text, shadow.text]
  const diff = useMemo(
    () => (left === undefined || right === undefined ? undefined : wordDiff(left, right)),
    [left, right],
  )
  if (diff === undefined) return <Notice>{t(primary.hash === shadow.hash ? "equalHash" : "noTexts")}</Notice>
  return (
    <>
      <div class="two">
        <section aria-label={t("userSide", { mode: primaryMode })}>
          <h3>{t("userSide", { mode: primaryMode })}</h3>
          <Words pieces={diff.left} />
        </section>
        <section aria-label={t("shadowSide", { mode: shadowMode })}>
          <h3>{t("shadowSide", { mode: shadowMode })}</h3>
          <Words pieces={diff.right} />
        </section>
      </div>
      <p class="quiet">
        {t("marked")} {diff.cut && t("cut")}
      </p>
    </>
  )
}

const timeOf = (ms: number | null): string => (ms === null ? "–" : duration(ms))

const Sides = ({ pair }: { readonly pair: ShadowPair }) => {
  const t = useText(shadowText)
  const { primary, shadow } = pair
  const rows = [
    [t("outcome"), pair.primaryOutcome, pair.shadowOutcome],
    [t("code"), primary.code ?? "–", shadow.code ?? "–"],
    [t("firstContent"), timeOf(primary.firstContentMs), timeOf(shadow.firstContentMs)],
    [t("total"), timeOf(primary.totalMs), timeOf(shadow.totalMs)],
    [t("tokens"), primary.tokens ?? "–", shadow.tokens ?? "–"],
    [t("characters"), primary.length, shadow.length],
    [t("language"), primary.language, shadow.language],
  ] as const
  return (
    <Table
      label={t("figure")}
      heads={[
        { text: t("figure") },
        { text: t("userSide", { mode: pair.primaryMode }) },
        { text: t("shadowSide", { mode: pair.shadowMode }) },
      ]}
    >
      {rows.map(([name, left, right]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>{left}</td>
          <td>{right}</td>
        </tr>
      ))}
    </Table>
  )
}

const Pair = ({ pair }: { readonly pair: ShadowPair }) => {
  const t = useText(shadowText)
  const [open, setOpen] = useState(false)
  return (
    <li>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <Time at={pair.createdAt} /> · {visible(pair.orgId)}{" "}
          {pair.differs.map((dimension) => (
            <Badge key={dimension} tone="warn">
              {t(dimension)}
            </Badge>
          ))}{" "}
          {pair.judgement !== null && <Badge>{t(pair.judgement.verdict)}</Badge>}
        </summary>
        {open && (
          <>
            <Sides pair={pair} />
            <Texts pair={pair} />
            <p>
              <a href={hrefOf("runs", pair.runId)}>{t("runOfUser")}</a>{" "}
              <span class="quiet">{t("shadowHasNoRun")}</span>
            </p>
          </>
        )}
      </details>
    </li>
  )
}

const readPage: ReadPage<ShadowPair> = async (path, signal) => {
  const { mismatches: entries, nextCursor } = await dataOf<{
    readonly mismatches: ReadonlyArray<ShadowPair>
    readonly nextCursor: string | null
  }>(path, { signal })
  return { entries, nextCursor }
}

export const Mismatches = ({ orgId }: { readonly orgId: string }) => {
  const t = useText(shadowText)
  const org = orgId === "" ? "" : `&orgId=${encodeURIComponent(orgId)}`
  const { entries, error, hasMore, loading, more } = usePages(
    `/api/v1/runtime/shadow/mismatches?limit=20${org}`,
    readPage,
  )
  useEffect(() => more(), [more])
  return (
    <Card title={t("mismatches")}>
      {entries.length === 0 && !hasMore && <p class="quiet">{t("mismatchesNone")}</p>}
      <ul class="plain-list lined">
        {entries.map((pair) => (
          <Pair key={pair.runId} pair={pair} />
        ))}
      </ul>
      {error !== undefined && <Failure error={error} retry={more} />}
      {hasMore && error === undefined && (
        <Button disabled={loading} onClick={more}>
          {t("more")}
        </Button>
      )}
    </Card>
  )
}
