/**
 * The activities of one answer. An activity with steps is a plan; clients replace the plan by each new one, so it is always
 * sent whole. Other activities are for the agent's own user interface. Plain code, one per response.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { draft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { StepStatus } from "../../protocol/agent2ui/PlanStep.ts"
import type { EventOf } from "./AgUiWire.ts"
import * as JsonPatch from "./JsonPatch.ts"

const text = Schema.optionalKey(Schema.String)
const Steps = Schema.Struct({
  steps: Schema.Array(Schema.Struct({ id: text, title: text, description: text, name: text, status: text })),
})
const decodeSteps = Schema.decodeUnknownOption(Steps)

const statuses: ReadonlyMap<string, StepStatus> = new Map([
  ["running", "running"],
  ["in_progress", "running"],
  ["active", "running"],
  ["executing", "running"],
  ["completed", "completed"],
  ["complete", "completed"],
  ["done", "completed"],
  ["success", "completed"],
  ["failed", "failed"],
  ["error", "failed"],
  ["skipped", "skipped"],
  ["cancelled", "skipped"],
])

const statusOf = (status = ""): StepStatus => statuses.get(status.toLowerCase()) ?? "pending"

const planOf = (planId: string, content: Schema.Json): ValidDraft | undefined => {
  const plan = Option.getOrUndefined(decodeSteps(content))
  if (plan === undefined || plan.steps.length === 0) return undefined
  const steps = plan.steps.map(({ description, id, name, status, title }, index) => ({
    id: id ?? `step-${index + 1}`,
    title: title ?? name ?? description ?? `Step ${index + 1}`,
    status: statusOf(status),
  }))
  const currentStep = steps.find(({ status }) => status === "running")?.id ?? ""
  return draft({ type: "plan", data: { steps, currentStep }, metadata: { planId } })
}

/** Characters of one activity with its changes, and activities of one answer. Later ones are not shown. */
const mostCharacters = 4 * 1024 * 1024
const mostActivities = 100

interface Activity {
  readonly content: Schema.Json
  /** Characters of the snapshot and its changes. */
  readonly size: number
}

export class AgUiActivities {
  readonly #activities = new Map<string, Activity>()

  snapshot({ content, messageId, replace }: EventOf<"ACTIVITY_SNAPSHOT">): ValidDraft | undefined {
    if (replace === false && this.#activities.has(messageId)) return undefined
    return this.#set(messageId, { content, size: JSON.stringify(content).length })
  }

  delta({ messageId, patch }: EventOf<"ACTIVITY_DELTA">): ValidDraft | undefined {
    const before = this.#activities.get(messageId)
    if (before === undefined) return undefined
    const content = JsonPatch.apply(before.content, patch)
    const size = before.size + JSON.stringify(patch).length
    return content === undefined ? undefined : this.#set(messageId, { content, size })
  }

  #set(messageId: string, activity: Activity): ValidDraft | undefined {
    this.#activities.delete(messageId)
    if (activity.size > mostCharacters || this.#activities.size >= mostActivities) return undefined
    this.#activities.set(messageId, activity)
    return planOf(messageId, activity.content)
  }
}
