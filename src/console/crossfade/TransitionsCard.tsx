/** The history of the breakers with its evidence, page by page. A new change reads the first page again. */
import { useEffect } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { Button, Card, Failure } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { type ReadPage, usePages } from "../service/Pages.ts"
import { call } from "../service/Service.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { useText } from "../text/Text.ts"
import { Rows } from "./Rows.tsx"

type Entry = LiveView["transitions"][number]
const path = "/api/v1/runtime/fallback/history?limit=20"

const readPage: ReadPage<Entry> = async (path, signal) => {
  const { body } = await call<{ readonly data: ReadonlyArray<Entry>; readonly nextCursor: string | null }>(
    path,
    { signal },
  )
  return { entries: body.data, nextCursor: body.nextCursor }
}

const useHistory = (newest: number | undefined) => {
  const pages = usePages(path, readPage)
  const { reload } = pages
  useEffect(() => reload(), [newest, reload])
  return pages
}

const Evidence = ({ evidence }: Pick<Entry, "evidence">) => {
  const t = useText(crossfadeText)
  const round = (value: number) => Math.round(value * 10) / 10
  const orgs = evidence.orgs.map(({ added, orgId }) => `${orgId} ${round(added)}`).join(", ")
  return (
    <>
      {t("faults")} {round(evidence.faults)}, {t("timeout")} {round(evidence.timeouts)}
      {orgs !== "" && ` (${orgs})`}
    </>
  )
}

export const TransitionsCard = ({ view }: { readonly view: LiveView }) => {
  const t = useText(crossfadeText)
  const { entries, error, hasMore, loading, more, reload } = useHistory(view.transitions[0]?.at)
  // The store gets a change a moment after the live view shows it.
  const known = new Set(entries.map(({ at, orgId, to }) => `${at} ${orgId} ${to}`))
  const unstored = view.transitions.filter(
    ({ at, orgId, to }) => !known.has(`${at} ${orgId} ${to}`) && at > (entries[0]?.at ?? 0),
  )
  return (
    <Card title={t("transitions")}>
      {error !== undefined && <Failure error={error} retry={reload} />}
      <Rows
        label={t("transitions")}
        heads={[t("time"), t("organisation"), t("change"), t("reason"), t("evidenceThen")]}
        empty={t("noTransitions")}
        rows={[...unstored, ...entries].map(({ at, evidence, from, orgId, reason, to }, index) => ({
          key: `${at} ${orgId} ${to} ${index}`,
          cells: [
            <Time at={at} />,
            orgId ?? t("allOrgs"),
            <span class="whole">{`${t(from)} → ${t(to)}`}</span>,
            reason,
            <Evidence evidence={evidence} />,
          ],
        }))}
      />
      {hasMore && entries.length > 0 && (
        <Button disabled={loading} onClick={more}>
          {t("older")}
        </Button>
      )}
    </Card>
  )
}
