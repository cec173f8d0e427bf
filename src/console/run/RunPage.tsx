/** One run: its head, its error, its decision, its waterfall and its content. */
import { useCallback, useEffect, useState } from "preact/hooks"
import { Failure, Loading, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { hrefOf } from "../Router.ts"
import type { Account } from "../service/Access.ts"
import { consoleSettings } from "../service/ConsoleSettings.ts"
import { useLoaded } from "../service/Loaded.ts"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import { ContentCard } from "./ContentCard.tsx"
import { DecisionCard } from "./DecisionCard.tsx"
import { ErrorCard } from "./ErrorCard.tsx"
import { type LoadedRun, mayReadContent, readRun } from "./RunAccess.ts"
import { RunHead } from "./RunHead.tsx"
import { listHref } from "./RunsFilter.ts"
import { WaterfallCard } from "./WaterfallCard.tsx"

interface RunPageProps {
  readonly account: Account
  readonly id: string
}

/** Each read of another user's run is audited, so the page asks seldom. */
const everyMs = 5000

const isMissing = (error: Error): boolean => "code" in error && error.code === "RUN_NOT_FOUND"

const Missing = ({ id }: { readonly id: string }) => {
  const t = useText(runText)
  return (
    <Notice tone="warn" alert>
      <span>{t("notFound")}</span> <code>{id}</code>{" "}
      <a href={listHref({ session: id })}>{t("sameSession")}</a>
    </Notice>
  )
}

export const RunPage = ({ account, id }: RunPageProps) => {
  const t = useText(runText)
  const settings = useStore(consoleSettings)
  const [isAsked, setAsked] = useState(false)
  const [isRunning, setRunning] = useState(false)
  const [last, setLast] = useState<LoadedRun>()
  const load = useCallback(
    (signal: AbortSignal) => readRun(account, id, isAsked, signal),
    [account, id, isAsked],
  )
  const { error, reload, value } = useLoaded(load, isRunning ? { everyMs } : {})
  useEffect(() => {
    if (value === undefined) return
    setLast(value)
    setRunning(value.run.status === "running")
  }, [value])
  // The facts stay while the content is read.
  const shown = value ?? last
  return (
    <div class="page run">
      <p class="crumbs">
        <a href={hrefOf("runs")}>{t("back")}</a>
      </p>
      {error !== undefined &&
        (isMissing(error) ? <Missing id={id} /> : <Failure error={error} retry={reload} />)}
      {shown === undefined ? (
        error === undefined && <Loading />
      ) : (
        <>
          <RunHead loaded={shown} traceUrl={settings?.traceUrl ?? null} reload={reload} />
          <ErrorCard run={shown.run} />
          <DecisionCard decision={shown.run.decision} />
          <WaterfallCard loaded={shown} clocks={settings?.clocks} />
          <ContentCard
            loaded={shown}
            mayRead={shown.isOwn || mayReadContent(account, shown.run)}
            permission={shown.run.orgId === account.orgId ? "admin:content" : "operator:content"}
            ask={() => setAsked(true)}
            ended={reload}
          />
        </>
      )}
    </div>
  )
}
