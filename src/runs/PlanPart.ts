/**
 * A plan in its newest state: one `plan` message, and a `plan_step` for each step with details that do not fit into a
 * `plan`. The client's reducer (`client/Plans`) makes the same plan from these messages as from all events. Plain code.
 */
import { eventId } from "../domain/EventId.ts"
import type { RunId } from "../domain/Ids.ts"
import { jsonHeapBytes } from "../platform/HeapBytes.ts"
import { envelop, type Message, type Metadata } from "../protocol/agent2ui/Message.ts"
import { changeStep, findStep, stepsById } from "../protocol/agent2ui/Pairing.ts"
import type { PlanStep } from "../protocol/agent2ui/PlanStep.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>
type StepData = Of<"plan_step">["data"]
type Details = Pick<StepData, "tool" | "params" | "result" | "error">

/** A step with the details of its changes. */
interface DetailedStep extends PlanStep, Details {
  readonly substeps?: ReadonlyArray<DetailedStep>
}

/** An event of the plan. */
export interface Place {
  readonly seq: number
  readonly at: number
  readonly metadata: Metadata | undefined
}

/** A message and the number of its first event. */
export interface Placed {
  readonly seq: number
  readonly message: Message
}

/** A plan that is sent again names no details, so those of a step that has begun stay. */
const withDetails = (step: PlanStep, before: ReadonlyMap<string, DetailedStep>): DetailedStep => {
  const { substeps, ...rest } = step
  const known = step.status === "pending" ? undefined : before.get(step.id)
  const inner = substeps?.map((substep) => withDetails(substep, before)) ?? known?.substeps
  return { ...known, ...rest, ...(inner === undefined ? {} : { substeps: inner }) }
}

const detailsOf = ({ error, params, result, tool }: Details): Details => ({
  ...(tool === undefined ? {} : { tool }),
  ...(params === undefined ? {} : { params }),
  ...(result === undefined ? {} : { result }),
  ...(error === undefined ? {} : { error }),
})

/** The step as a `plan` shows it. */
const announced = (step: DetailedStep): PlanStep => {
  const { error: _, params: __, result: ___, substeps, tool: ____, ...rest } = step
  return substeps === undefined ? rest : { ...rest, substeps: substeps.map(announced) }
}

export const timeOf = (at: number): string => new Date(at).toISOString()

/** The steps after a `plan_step` event. A step that no plan announced comes last. */
const advanced = (steps: ReadonlyArray<DetailedStep>, now: DetailedStep): ReadonlyArray<DetailedStep> =>
  changeStep(steps, now.id, (step) => ({ ...step, ...now })) ?? [...steps, now]

export class PlanPart {
  readonly kind = "plan"
  /** The upstream's id of the plan. */
  readonly planId: string | undefined
  /** True if the messages must name the plan: in their newest states, plans of one attempt look like one. */
  isNamed = false
  readonly #first: Place
  /** The first `plan` event; undefined if no step was announced. */
  #announced: Place | undefined
  #metadata: Metadata | undefined
  #steps: ReadonlyArray<DetailedStep> = []
  #progress: number | undefined
  /** The first and the last `plan_step` of each step, in order of the first. */
  readonly #places = new Map<string, { readonly first: Place; readonly last: Place }>()

  constructor(first: Place) {
    const planId = first.metadata?.["planId"]
    this.planId = typeof planId === "string" ? planId : undefined
    this.#first = first
  }

  get steps(): ReadonlyArray<DetailedStep> {
    return this.#steps
  }

  /** The steps after a `plan` event. */
  merged({ steps }: Of<"plan">["data"]): ReadonlyArray<DetailedStep> {
    const known = stepsById(this.#steps)
    return steps.map((step) => withDetails(step, known))
  }

  /** Gives the heap that the event adds. */
  planned({ data, metadata }: Pick<Of<"plan">, "data" | "metadata">, place: Place): number {
    const before = jsonHeapBytes(this.#steps)
    this.#announced ??= place
    this.#steps = this.merged(data)
    this.#progress = data.progress
    this.#metadata = metadata
    return jsonHeapBytes(this.#steps) - before
  }

  advanced({ stepId, ...details }: StepData, place: Place): number {
    this.#steps = advanced(this.#steps, { id: stepId, ...details })
    this.#places.set(stepId, { first: this.#places.get(stepId)?.first ?? place, last: place })
    return jsonHeapBytes(details)
  }

  messages(runId: RunId): ReadonlyArray<Placed> {
    const announced = this.#announced
    const steps = Array.from(this.#places, ([id, { first, last }]) =>
      announced === undefined ? this.#step(runId, id, first, true) : this.#step(runId, id, last, false),
    ).flat()
    if (announced === undefined) return steps
    // The first message of the plan has the number of its first event.
    const isTaken = steps.some(({ seq }) => seq === this.#first.seq)
    return [this.#whole(runId, isTaken ? announced : this.#first), ...steps]
  }

  #whole(runId: RunId, { at, seq }: Place): Placed {
    const data = {
      steps: this.#steps.map(announced),
      // No step runs after the end of the run.
      currentStep: "",
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
    }
    const draft = { type: "plan" as const, data, ...this.#named(runId, this.#metadata) }
    return { seq, message: envelop(draft, eventId(runId, seq), timeOf(at)) }
  }

  #step(runId: RunId, stepId: string, place: Place, always: boolean): ReadonlyArray<Placed> {
    const step = findStep(this.#steps, stepId)
    if (step === undefined) return []
    const { durationMs, status, title } = step
    const details = detailsOf(step)
    if (!always && Object.keys(details).length === 0) return []
    const duration = durationMs === undefined ? {} : { durationMs }
    const data = { stepId, title, status, ...details, ...duration }
    const { at, metadata, seq } = place
    const draft = { type: "plan_step" as const, data, ...this.#named(runId, metadata) }
    return [{ seq, message: envelop(draft, eventId(runId, seq), timeOf(at)) }]
  }

  #named(runId: RunId, metadata: Metadata | undefined): { readonly metadata?: Metadata } {
    if (!this.isNamed) return metadata === undefined ? {} : { metadata }
    return { metadata: { ...metadata, planId: this.planId ?? eventId(runId, this.#first.seq) } }
  }
}
