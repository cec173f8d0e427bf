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

const planOf = (content: Schema.Json): ValidDraft | undefined => {
  const plan = Option.getOrUndefined(decodeSteps(content))
  if (plan === undefined || plan.steps.length === 0) return undefined
  const steps = plan.steps.map(({ description, id, name, status, title }, index) => ({
    id: id ?? `step-${index + 1}`,
    title: title ?? name ?? description ?? `Step ${index + 1}`,
    status: statusOf(status),
  }))
  const currentStep = steps.find(({ status }) => status === "running")?.id ?? ""
  return draft({ type: "plan", data: { steps, currentStep } })
}

export class AgUiActivities {
  readonly #contents = new Map<string, Schema.Json>()

  snapshot({ content, messageId, replace }: EventOf<"ACTIVITY_SNAPSHOT">): ValidDraft | undefined {
    if (replace === false && this.#contents.has(messageId)) return undefined
    return this.#set(messageId, content)
  }

  delta({ messageId, patch }: EventOf<"ACTIVITY_DELTA">): ValidDraft | undefined {
    const before = this.#contents.get(messageId)
    const content = before === undefined ? undefined : JsonPatch.apply(before, patch)
    return content === undefined ? undefined : this.#set(messageId, content)
  }

  #set(messageId: string, content: Schema.Json): ValidDraft | undefined {
    this.#contents.set(messageId, content)
    return planOf(content)
  }
}
