/** The history of the breakers with its evidence, page by page. A new change reads the first page again. */
import { useEffect, useState } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { Button, Card, Failure } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { call } from "../service/Service.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { useText } from "../text/Text.ts"
import { Rows } from "./Rows.tsx"

type Entry = LiveView["transitions"][number]
interface Page {
  readonly data: ReadonlyArray<Entry>
  readonly nextCursor: string | null
}

const pageSize = 20

const useHistory = (newest: number | undefined) => {
  const [page, setPage] = useState<Page>({ data: [], nextCursor: null })
  const [error, setError] = useState<Error>()
  const read = (cursor: string | null, signal?: AbortSignal) => {
    const query = new URLSearchParams({ limit: String(pageSize), ...(cursor === null ? {} : { cursor }) })
    call<Page>(`/api/v1/runtime/fallback/history?${query}`, { signal }).then(
      ({ body }) => {
        setError(undefined)
        setPage((before) => (cursor === null ? body : { ...body, data: [...before.data, ...body.data] }))
      },
      (cause: unknown) =>
        signal?.aborted || setError(cause instanceof Error ? cause : new Error(String(cause))),
    )
  }
  useEffect(() => {
    const aborting = new AbortController()
    read(null, aborting.signal)
    return () => aborting.abort()
  }, [newest])
  return { page, error, older: () => read(page.nextCursor), again: () => read(null) }
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
  const { again, error, older, page } = useHistory(view.transitions[0]?.at)
  // The store gets a change a moment after the live view shows it.
  const known = new Set(page.data.map(({ at, orgId, to }) => `${at} ${orgId} ${to}`))
  const unstored = view.transitions.filter(
    ({ at, orgId, to }) => !known.has(`${at} ${orgId} ${to}`) && at > (page.data[0]?.at ?? 0),
  )
  return (
    <Card title={t("transitions")}>
      {error !== undefined && <Failure error={error} retry={again} />}
      <Rows
        label={t("transitions")}
        heads={[t("time"), t("organisation"), t("change"), t("reason"), t("evidenceThen")]}
        empty={t("noTransitions")}
        rows={[...unstored, ...page.data].map(({ at, evidence, from, orgId, reason, to }, index) => ({
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
      {page.nextCursor !== null && <Button onClick={older}>{t("older")}</Button>}
    </Card>
  )
}
