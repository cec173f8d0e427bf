/** The guarded rollout: its steps, the comparison of the cohorts with every number, and its commands. */
import "./rollout.css"
import "./autopilot.css"
import { useCallback } from "preact/hooks"
import type { AutopilotView } from "../../api/AutopilotApi.ts"
import { Badge, Card, Failure, Loading, Notice, type Tone } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { may } from "../service/Access.ts"
import { useLoaded } from "../service/Loaded.ts"
import { dataOf } from "../service/Service.ts"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { AutopilotActions } from "./AutopilotActions.tsx"
import { History } from "./History.tsx"
import { PlanForm } from "./PlanForm.tsx"
import { isFinished } from "./Progress.ts"
import { Stepper } from "./Stepper.tsx"
import { Cohorts, VerdictShown } from "./VerdictShown.tsx"
import { visible } from "../../domain/PlainText.ts"

const pollMs = 5000
const read = (signal: AbortSignal) => dataOf<AutopilotView | null>("/api/v1/runtime/autopilot", { signal })

const tones: Readonly<Record<AutopilotView["status"], Tone>> = {
  running: "info",
  holding: "neutral",
  cooling_down: "warn",
  awaiting_approval: "warn",
  paused: "warn",
  completed: "good",
  rolled_back: "bad",
  aborted: "neutral",
}

const Status = ({
  mayChange,
  reload,
  view,
}: {
  readonly view: AutopilotView
  readonly mayChange: boolean
  readonly reload: () => void
}) => {
  const t = useText(autopilotText)
  return (
    <Card
      title={t("title")}
      actions={
        <span class="row" role="status">
          <strong>{view.percentage}%</strong>
          <Badge tone={tones[view.status]}>{t(view.status)}</Badge>
        </span>
      }
    >
      <p>{t(`${view.status}Meaning`)}</p>
      <p class="quiet">
        {t("reason")}: <span lang="en">{visible(view.reason)}</span>
      </p>
      <AutopilotActions view={view} mayChange={mayChange} done={reload} />
      <Stepper view={view} />
      <p class="quiet">
        {t("started")} <Time at={view.startedAt} /> · {t("before", { before: view.before })} ·{" "}
        {t("setbacks", { count: view.setbacks, most: view.plan.retries })}
      </p>
    </Card>
  )
}

const Details = ({ view }: { readonly view: AutopilotView }) => {
  const t = useText(autopilotText)
  return (
    <>
      {!isFinished(view) && (
        <Card title={t("cohorts")}>
          <Cohorts verdict={view.verdict} />
        </Card>
      )}
      {view.verdict !== null && (
        <Card title={t("verdict")}>
          <VerdictShown verdict={view.verdict} />
        </Card>
      )}
      <Card title={t("history")}>
        <History view={view} />
      </Card>
    </>
  )
}

const AutopilotTab = ({ account }: ViewProps) => {
  const t = useText(autopilotText)
  const { error, reload, value } = useLoaded(useCallback(read, []), { everyMs: pollMs })
  const mayChange = may(account, "operator:write")
  if (value === undefined) return error === undefined ? <Loading /> : <Failure error={error} retry={reload} />
  return (
    <div class="stack">
      <h1 class="visually-hidden">{t("title")}</h1>
      {error !== undefined && (
        <Notice tone="warn" alert>
          {t("stale")} {error.message}
        </Notice>
      )}
      {!mayChange && <Notice>{t("readOnly")}</Notice>}
      {value === null ? (
        <Card title={t("title")}>
          <p>{t("none")}</p>
          <p class="quiet">{t("about")}</p>
        </Card>
      ) : (
        <Status view={value} mayChange={mayChange} reload={reload} />
      )}
      {value !== null && <Details view={value} />}
      {mayChange && (value === null || isFinished(value)) && <PlanForm done={reload} />}
    </div>
  )
}

export default AutopilotTab
