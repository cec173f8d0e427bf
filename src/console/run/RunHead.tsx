import type { ComponentChildren } from "preact"
import { Button, Card, CopyButton, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { duration, Time } from "../kit/Time.tsx"
import { runText, type RunTextKey } from "../text/RunText.ts"
import { language, useText } from "../text/Text.ts"
import { curlOf, type LoadedRun } from "./RunAccess.ts"
import type { RunFacts } from "./RunFacts.ts"
import { listHref } from "./RunsFilter.ts"
import { FeedbackText, ModeBadge, StatusBadge } from "./Words.tsx"
import { visible } from "../../domain/PlainText.ts"

const Fact = ({ children, name }: { readonly name: RunTextKey; readonly children: ComponentChildren }) => {
  const t = useText(runText)
  return (
    <div>
      <dt>{t(name)}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const Tokens = ({ usage }: { readonly usage: RunFacts["usage"] }) => {
  const t = useText(runText)
  const tag = useStore(language)
  if (usage === null) return <>–</>
  const format = (count: number) => new Intl.NumberFormat(tag).format(count)
  const { cached, estimated, inputTokens, outputTokens } = usage
  const tokens = format(usage.tokens)
  if (cached === true) return <>{t("cached")}</>
  if (estimated === true) return <>{t("estimated", { tokens })}</>
  return inputTokens === undefined || outputTokens === undefined ? (
    <>{tokens}</>
  ) : (
    <>{t("split", { tokens, input: format(inputTokens), output: format(outputTokens) })}</>
  )
}

const span = (ms: number | null): string => (ms === null ? "–" : duration(ms))

/** From the acceptance of the turn, so the attempts before the answer count. */
const firstContentMs = ({ attempts, createdAt }: RunFacts): number | null => {
  const first = attempts.find(({ firstContentAt, shadow }) => !shadow && firstContentAt !== null)
  return first === undefined || first.firstContentAt === null ? null : first.firstContentAt - createdAt
}

const Facts = ({ loaded: { feedback, run } }: { readonly loaded: LoadedRun }) => (
  <dl class="run-facts">
    <Fact name="started">
      <Time at={run.createdAt} />
    </Fact>
    <Fact name="user">{visible(run.userId)}</Fact>
    <Fact name="org">{visible(run.orgId)}</Fact>
    <Fact name="model">{visible(run.model ?? "–")}</Fact>
    <Fact name="tokens">
      <Tokens usage={run.usage} />
    </Fact>
    <Fact name="total">{span(run.times.totalMs)}</Fact>
    <Fact name="firstContent">{span(firstContentMs(run))}</Fact>
    <Fact name="overhead">{span(run.times.overheadMs)}</Fact>
    <Fact name="silence">{span(run.times.longestSilenceMs)}</Fact>
    <Fact name="finish">{visible(run.finishReason ?? "–")}</Fact>
    <Fact name="feedback">
      <FeedbackText feedback={feedback} />
    </Fact>
  </dl>
)

const Ids = ({ run }: { readonly run: RunFacts }) => {
  const t = useText(runText)
  const ids = [
    ["run", run.id],
    ["session", run.sessionId],
    ["agent", run.agentId],
    ["messageId", run.assistantMessageId],
    ["traceId", run.traceId],
  ] as const
  return (
    <details class="ids">
      <summary>{t("ids")}</summary>
      <dl>
        {ids.map(([name, id]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>
              {id === null ? (
                "–"
              ) : (
                <>
                  <code>{id}</code> <CopyButton text={id} label={t("copyId", { name: t(name) })} />
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

interface HeadProps {
  readonly loaded: LoadedRun
  /** With `{traceId}` in the place of the id. */
  readonly traceUrl: string | null
  readonly reload: () => void
}

export const RunHead = ({ loaded, reload, traceUrl }: HeadProps) => {
  const t = useText(runText)
  const { isOwn, run } = loaded
  return (
    <Card>
      <header class="run-head">
        <h1>
          {t("run")} <code>{run.id.slice(0, 8)}</code>
        </h1>
        <StatusBadge status={run.status} />
        {run.executionMode !== null && <ModeBadge mode={run.executionMode} />}
        <span class="run-actions row">
          {traceUrl !== null && run.traceId !== null && (
            <a
              href={traceUrl.replaceAll("{traceId}", encodeURIComponent(run.traceId))}
              target="_blank"
              rel="noopener noreferrer"
            >
              {t("openTrace")}
            </a>
          )}
          {!isOwn && <a href={listHref({ session: run.sessionId })}>{t("sameSession")}</a>}
          <CopyButton text={() => curlOf(location.origin, loaded)} label={t("copyCurl")} />
          <Button onClick={reload}>{t("refresh")}</Button>
        </span>
      </header>
      {run.status === "running" && <Notice>{t("live")}</Notice>}
      <Facts loaded={loaded} />
      <Ids run={run} />
    </Card>
  )
}
