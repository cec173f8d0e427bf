/** The list of runs, newest first. Its filters stand in the address, so that a view can be shared. */
import { useCallback } from "preact/hooks"
import type { RunsPage } from "../../api/OperatorRunsApi.ts"
import { Card, Failure, Loading, Notice } from "../kit/Kit.tsx"
import { duration, Time } from "../kit/Time.tsx"
import { useStore } from "../kit/Store.ts"
import { hrefOf } from "../Router.ts"
import { type Account, may } from "../service/Access.ts"
import { dataOf } from "../service/Service.ts"
import { useLoaded } from "../service/Loaded.ts"
import { runText } from "../text/RunText.ts"
import { language, useText } from "../text/Text.ts"
import { FilterForm } from "./FilterForm.tsx"
import { FindBox } from "./FindBox.tsx"
import { isOperator } from "./RunAccess.ts"
import { type Filter, filterOf, listHref, requestOf } from "./RunsFilter.ts"
import { FeedbackText, ModeBadge, StatusBadge } from "./Words.tsx"
import { visible } from "../../domain/PlainText.ts"

type Page = typeof RunsPage.Encoded
type Listed = Page["runs"][number]

const RunRow = ({ run, withOrg }: { readonly run: Listed; readonly withOrg: boolean }) => {
  const tag = useStore(language)
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf("runs", run.id)}>
          <Time at={run.createdAt} />
        </a>
      </th>
      <td>
        <StatusBadge status={run.status} />
      </td>
      <td>{run.executionMode === null ? "–" : <ModeBadge mode={run.executionMode} />}</td>
      <td>{visible(run.userId)}</td>
      {withOrg && <td>{visible(run.orgId)}</td>}
      <td>
        <code>{run.reason}</code>
      </td>
      <td>{run.code === null ? "–" : <code>{run.code}</code>}</td>
      <td class="number">{run.endedAt === null ? "–" : duration(run.endedAt - run.createdAt)}</td>
      <td class="number">{run.usage === null ? "–" : new Intl.NumberFormat(tag).format(run.usage.tokens)}</td>
      <td>
        <FeedbackText feedback={run.feedback} />
      </td>
    </tr>
  )
}

const columns = [
  "started",
  "status",
  "mode",
  "user",
  "org",
  "reason",
  "code",
  "duration",
  "tokens",
  "feedback",
] as const

const Table = ({ runs, withOrg }: { readonly runs: ReadonlyArray<Listed>; readonly withOrg: boolean }) => {
  const t = useText(runText)
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("title")}>
      <table class="data runs">
        <thead>
          <tr>
            {columns
              .filter((name) => name !== "org" || withOrg)
              .map((name) => (
                <th
                  key={name}
                  scope="col"
                  class={name === "duration" || name === "tokens" ? "number" : undefined}
                >
                  {t(name)}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} withOrg={withOrg} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface ListProps {
  readonly account: Account
  readonly filter: Filter
  readonly cursor: string | null
}

const Runs = ({ account, cursor, filter }: ListProps) => {
  const t = useText(runText)
  const path = requestOf(filter, cursor)
  const load = useCallback((signal: AbortSignal) => dataOf<Page>(path, { signal }), [path])
  const { error, reload, value } = useLoaded(load)
  if (error !== undefined) return <Failure error={error} retry={reload} />
  if (value === undefined) return <Loading />
  const { hasMore, nextCursor, runs } = value
  const isFiltered = Object.keys(filter).length > 0 || cursor !== null
  const nothing = hasMore ? "emptyPage" : isFiltered ? "noRuns" : "noRunsYet"
  return (
    <>
      {runs.length === 0 ? (
        <p role="status">{t(nothing)}</p>
      ) : (
        <Table runs={runs} withOrg={may(account, "operator:read")} />
      )}
      <nav class="row end" aria-label={t("title")}>
        {cursor !== null && <a href={listHref(filter)}>{t("newest")}</a>}
        {nextCursor !== null && (
          <a class="button" href={listHref(filter, nextCursor)}>
            {t("older")}
          </a>
        )}
      </nav>
    </>
  )
}

export const RunsList = ({
  account,
  query,
}: {
  readonly account: Account
  readonly query: URLSearchParams
}) => {
  const t = useText(runText)
  const isReader = isOperator(account)
  const filter = filterOf(query)
  return (
    <div class="page">
      <h1>{t("title")}</h1>
      <FindBox isOperator={isReader} />
      {isReader ? (
        <Card>
          <FilterForm key={listHref(filter)} filter={filter} isOperator={may(account, "operator:read")} />
          <Runs account={account} filter={filter} cursor={query.get("cursor")} />
          <p class="quiet">{t("audited")}</p>
        </Card>
      ) : (
        <Notice>{t("ownOnly")}</Notice>
      )}
    </div>
  )
}
