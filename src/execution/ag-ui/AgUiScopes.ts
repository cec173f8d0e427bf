/**
 * The steps and the sub-agents of one answer, and the place of an event in them. Plain code, one per response.
 *
 * A sub-agent becomes a skill call, as on the runtime's own wire. LangGraph runs a step with the same name repeatedly, so
 * a step's id counts the runs.
 */
import { draft, type Metadata, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { EventOf } from "./AgUiWire.ts"

interface Step {
  readonly stepId: string
  readonly title: string
}

interface Subagent {
  readonly name: string
  readonly metadata: Metadata
}

const none: Metadata = {}

export class AgUiScopes {
  readonly #runs = new Map<string, number>()
  #open: ReadonlyArray<Step> = []
  readonly #subagents = new Map<string, Subagent>()

  get isInStep(): boolean {
    return this.#open.length > 0
  }

  /** The place of an event of the answer, or of a call. */
  get metadata(): Metadata {
    const stepId = this.#open.at(-1)?.stepId
    return stepId === undefined ? none : { stepId }
  }

  /** The place of a sub-agent's text. */
  metadataOf(subagentRunId: string): Metadata {
    return this.#subagents.get(subagentRunId)?.metadata ?? this.metadata
  }

  startStep(name: string): ValidDraft {
    const run = (this.#runs.get(name) ?? 0) + 1
    this.#runs.set(name, run)
    const step = { stepId: run === 1 ? name : `${name}-${run}`, title: name }
    this.#open = [...this.#open, step]
    return draft({
      type: "plan_step",
      data: { ...step, status: "running" },
      metadata: { stepId: step.stepId },
    })
  }

  /** Undefined: no such step runs. */
  finishStep(name: string): ValidDraft | undefined {
    const step = this.#open.findLast(({ title }) => title === name)
    if (step === undefined) return undefined
    this.#open = this.#open.filter((each) => each !== step)
    return draft({
      type: "plan_step",
      data: { ...step, status: "completed" },
      metadata: { stepId: step.stepId },
    })
  }

  /** Undefined: it runs already. A resumed run announces it again. */
  startSubagent({ description, name, subagentRunId }: EventOf<"SUBAGENT_STARTED">): ValidDraft | undefined {
    if (this.#subagents.has(subagentRunId)) return undefined
    const metadata = { ...this.metadata, callId: subagentRunId }
    this.#subagents.set(subagentRunId, { name, metadata })
    const args = description === undefined ? {} : { description }
    const data = { ...skillOf(name), arguments: args, status: "calling" } as const
    return draft({ type: "skill_call", data, metadata })
  }

  finishSubagent({ outcome, result, subagentRunId }: EventOf<"SUBAGENT_FINISHED">): ValidDraft | undefined {
    // A suspended sub-agent waits for the answer to an interrupt and is announced again in the next run.
    if (outcome?.type === "suspended") return undefined
    return this.#end(subagentRunId, { result: result ?? null, success: true })
  }

  /** The agent's own sentence may contain hosts or keys. */
  failSubagent(subagentRunId: string): ValidDraft | undefined {
    return this.#end(subagentRunId, { result: null, success: false, error: "The sub-agent failed." })
  }

  #end(
    subagentRunId: string,
    outcome: Pick<
      Extract<ValidDraft, { readonly type: "skill_result" }>["data"],
      "error" | "result" | "success"
    >,
  ): ValidDraft | undefined {
    const subagent = this.#subagents.get(subagentRunId)
    if (subagent === undefined) return undefined
    this.#subagents.delete(subagentRunId)
    const data = { ...skillOf(subagent.name), ...outcome }
    return draft({ type: "skill_result", data, metadata: subagent.metadata })
  }
}

const skillOf = (name: string) => ({ skillId: name, skillName: `subagent:${name}` })
