/** The settings of the rollout: their values and sources, a change with its diff, and the parts that decide before them. */
import "./rollout.css"
import { useCallback, useState } from "preact/hooks"
import type { AutopilotView } from "../../api/AutopilotApi.ts"
import { Button, Card, Failure, Loading, Notice } from "../kit/Kit.tsx"
import { may } from "../service/Access.ts"
import { useLive } from "../service/LiveFeed.ts"
import { useLoaded } from "../service/Loaded.ts"
import { dataOf } from "../service/Service.ts"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { OverruledNow } from "./OverruledNow.tsx"
import { type Loaded, readRollout } from "./ReadRollout.ts"
import { RolloutForm } from "./RolloutForm.tsx"
import { SettingsTable } from "./SettingsTable.tsx"

const readAutopilot = (signal: AbortSignal) =>
  dataOf<AutopilotView | null>("/api/v1/runtime/autopilot", { signal })

const pollMs = 5000

const Settings = ({
  current,
  mayChange,
  onSaved,
}: {
  readonly current: Loaded
  readonly mayChange: boolean
  readonly onSaved: () => void
}) => {
  const t = useText(rolloutText)
  // The state that the operator saw when the editing began, whatever a later poll reads.
  const [editing, setEditing] = useState<Loaded>()
  const [saved, setSaved] = useState(false)
  const finish = (isSaved: boolean) => {
    setEditing(undefined)
    setSaved(isSaved)
    if (isSaved) onSaved()
  }
  const start = () => {
    setSaved(false)
    setEditing(current)
  }
  return (
    <Card
      title={t("title")}
      actions={
        <span class="row">
          <span class="quiet">{t("version", { version: current.document.version })}</span>
          {mayChange && editing === undefined && <Button onClick={start}>{t("edit")}</Button>}
        </span>
      }
    >
      <p class="quiet">{t("intro")}</p>
      {!mayChange && <Notice>{t("readOnly")}</Notice>}
      <div role="status">{saved && <Notice tone="good">{t("saved")}</Notice>}</div>
      {editing === undefined ? (
        <SettingsTable document={current.document} />
      ) : (
        <RolloutForm first={editing} finish={finish} />
      )}
    </Card>
  )
}

const RolloutTab = ({ account }: ViewProps) => {
  const t = useText(rolloutText)
  const load = useCallback(readRollout, [])
  const rollout = useLoaded(load, { everyMs: pollMs })
  const autopilot = useLoaded(useCallback(readAutopilot, []), { everyMs: pollMs })
  const { view } = useLive()
  if (rollout.value === undefined)
    return rollout.error === undefined ? (
      <Loading />
    ) : (
      <Failure error={rollout.error} retry={rollout.reload} />
    )
  return (
    <div class="stack">
      <h1 class="visually-hidden">{t("title")}</h1>
      {rollout.error !== undefined && <Failure error={rollout.error} retry={rollout.reload} />}
      <OverruledNow settings={rollout.value.document} live={view} autopilot={autopilot.value} />
      <Settings current={rollout.value} mayChange={may(account, "operator:write")} onSaved={rollout.reload} />
    </div>
  )
}

export default RolloutTab
