/** The form that starts a guarded rollout. It shows the default plan. */
import { useRef, useState } from "preact/hooks"
import { CrossfadeError } from "../../client/CrossfadeError.ts"
import { Button, Card, Notice } from "../kit/Kit.tsx"
import { ReasonDialog } from "../kit/ReasonDialog.tsx"
import { call } from "../service/Service.ts"
import { autopilotText } from "../text/AutopilotText.ts"
import { problemText } from "../text/ProblemText.ts"
import { useText } from "../text/Text.ts"
import { defaultPlanDraft, type PlanDraft, planOf, planProblems } from "./PlanDraft.ts"
import { PlanFields } from "./PlanFields.tsx"
import type { Problem } from "../kit/Inputs.ts"
import { problemsOfAnswer } from "./Problems.ts"

const Confirm = ({
  close,
  draft,
  run,
}: {
  readonly draft: PlanDraft
  readonly close: () => void
  readonly run: (reason: string | undefined) => Promise<void>
}) => {
  const t = useText(autopilotText)
  const [first, ...others] = draft.steps.map(({ percentage }) => percentage)
  return (
    <ReasonDialog title={t("startAsk")} action={t("start")} close={close} run={run}>
      <p>
        {t("startText", {
          first: first ?? "",
          steps: others.length === 0 ? "–" : others.map((percentage) => `${percentage}%`).join(", "),
        })}
      </p>
    </ReasonDialog>
  )
}

export const PlanForm = ({ done }: { readonly done: () => void }) => {
  const t = useText(autopilotText)
  const tp = useText(problemText)
  const element = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(defaultPlanDraft)
  const [problems, setProblems] = useState<ReadonlyArray<Problem>>([])
  const [asking, setAsking] = useState(false)
  const submit = (event: Event) => {
    event.preventDefault()
    const found = planProblems(draft)
    setProblems(found)
    if (found.length === 0) setAsking(true)
    else requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus())
  }
  const run = async (reason: string | undefined) => {
    const body = { ...planOf(draft), ...(reason === undefined ? {} : { reason }) }
    try {
      await call("/api/v1/runtime/autopilot", { method: "POST", body })
    } catch (error) {
      const details = error instanceof CrossfadeError ? (error.details ?? []) : []
      if (details.length === 0) throw error
      return setProblems(problemsOfAnswer(details))
    }
    done()
  }
  return (
    <Card title={t("startTitle")}>
      <form ref={element} noValidate onSubmit={submit}>
        <PlanFields draft={draft} change={setDraft} problems={problems} />
        <div role="alert">{problems.length > 0 && <Notice tone="bad">{tp("correctFields")}</Notice>}</div>
        <Button type="submit" look="main">
          {t("start")}
        </Button>
      </form>
      {asking && <Confirm draft={draft} close={() => setAsking(false)} run={run} />}
    </Card>
  )
}
