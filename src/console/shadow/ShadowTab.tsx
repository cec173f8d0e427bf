/** Agreement of the modes with its noise: now, over time, by organisation and agent, and the answers that differ. */
import "./shadow.css"
import { useCallback, useState } from "preact/hooks"
import type { ShadowReport as Report, ShadowSeries } from "../../api/ShadowApi.ts"
import { Button, Card, Failure, Loading, Notice } from "../kit/Kit.tsx"
import { useLoaded } from "../service/Loaded.ts"
import { dataOf } from "../service/Service.ts"
import { shadowText } from "../text/ShadowText.ts"
import { useText } from "../text/Text.ts"
import { Agreement } from "./Agreement.tsx"
import { Costs, Means, Scopes } from "./Figures.tsx"
import { type Filter, Filters, queryOf } from "./Filters.tsx"
import { Mismatches } from "./Mismatches.tsx"
import { OverTime } from "./OverTime.tsx"

const readBoth = (filter: Filter) => async (signal: AbortSignal) => {
  const query = queryOf(filter, Date.now())
  const [report, series] = await Promise.all([
    dataOf<typeof Report.Type>(`/api/v1/runtime/shadow/report?${query}`, { signal }),
    dataOf<typeof ShadowSeries.Type>(`/api/v1/runtime/shadow/series?${query}`, { signal }),
  ])
  return { report, series }
}

const Found = ({
  report,
  series,
}: {
  readonly report: typeof Report.Type
  readonly series: typeof ShadowSeries.Type
}) => {
  const t = useText(shadowText)
  return (
    <>
      {report.pairs + report.samePairs === 0 ? (
        <Notice>{t("empty")}</Notice>
      ) : (
        <>
          <Card title={t("agreement")}>
            <Agreement report={report} />
          </Card>
          <Card title={t("overTime")}>
            <OverTime series={series} />
          </Card>
          <div class="two">
            <Scopes title={t("orgs")} scopes={report.orgs} />
            <Scopes title={t("agents")} scopes={report.agents} />
          </div>
          <Means report={report} />
        </>
      )}
      <Costs ledger={report.ledger} />
    </>
  )
}

const ShadowTab = () => {
  const t = useText(shadowText)
  const [filter, setFilter] = useState<Filter>({ org: "", agent: "", period: "week" })
  const { error, loading, reload, value } = useLoaded(useCallback(readBoth(filter), [filter]))
  return (
    <div class="stack">
      <h1 class="visually-hidden">{t("title")}</h1>
      <Card title={t("title")} actions={<Button onClick={reload}>{t("refresh")}</Button>}>
        <p class="quiet">{t("about")}</p>
        <Filters filter={filter} apply={setFilter} />
        {loading && <Loading />}
        {error !== undefined && <Failure error={error} retry={reload} />}
      </Card>
      {value !== undefined && <Found {...value} />}
      <Mismatches orgId={filter.org} />
    </div>
  )
}

export default ShadowTab
