import { useState } from "preact/hooks"
import type { AutopilotView } from "../../api/AutopilotApi.ts"
import { Button, Notice } from "../kit/Kit.tsx"
import { ReasonDialog } from "../kit/ReasonDialog.tsx"
import { call } from "../service/Service.ts"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import { type Command, commandsOf } from "./Progress.ts"

const looks = { promote: "main", resume: "main", pause: "plain", abort: "danger" } as const

/** Pause, resume, promote and abort: those that fit the present state, each with a confirmation and a reason. */
export const AutopilotActions = ({
  done,
  mayChange,
  view,
}: {
  readonly view: AutopilotView
  readonly mayChange: boolean
  readonly done: () => void
}) => {
  const t = useText(autopilotText)
  const [asked, setAsked] = useState<Command>()
  const parameters = { percentage: view.next?.percentage ?? 100, now: view.percentage, before: view.before }
  const commands = mayChange ? commandsOf(view) : []
  const run = async (reason: string | undefined) => {
    if (asked === undefined) return
    const body = reason === undefined ? {} : { reason }
    await call(`/api/v1/runtime/autopilot/${asked}`, { method: "POST", body })
    done()
  }
  const button = (command: Command) => (
    <Button key={command} look={looks[command]} onClick={() => setAsked(command)}>
      {t(command, parameters)}
    </Button>
  )
  return (
    <>
      {view.status === "awaiting_approval" && (
        <Notice tone="warn">
          <strong>{t("awaiting_approval")}</strong>
          {commands.filter((command) => command === "promote").map(button)}
        </Notice>
      )}
      <div class="row">{commands.filter((command) => command !== "promote").map(button)}</div>
      {asked !== undefined && (
        <ReasonDialog
          title={t(`${asked}Title`, parameters)}
          action={t(asked, parameters)}
          danger={asked === "abort"}
          close={() => setAsked(undefined)}
          run={run}
        >
          <p>{t(`${asked}Text`, parameters)}</p>
        </ReasonDialog>
      )}
    </>
  )
}
