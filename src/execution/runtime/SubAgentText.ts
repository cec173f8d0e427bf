/**
 * The text of a sub-agent, shown as thinking within its call. The whole text, and then the result, may be an error of
 * the runtime. That sentence may contain hosts or keys, so it is not passed on, and the call fails. Plain code, one
 * per response.
 */
import { draft as makeDraft } from "../../protocol/agent2ui/Message.ts"
import * as RuntimeErrorText from "../../domain/RuntimeErrorText.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { HeldText, type Message } from "./HeldText.ts"
import { isSubAgentSkill } from "../../domain/SubAgentSkill.ts"

const failed = { result: null, success: false, error: "The sub-agent failed." } as const

export class SubAgentText {
  readonly #patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>
  readonly #held: HeldText
  /** The call whose text was shown last. */
  #shownIn: string | undefined

  constructor(patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>) {
    this.#patterns = patterns
    this.#held = new HeldText(patterns)
  }

  /** The messages for an event that is no text of the answer, after the messages held before it. */
  next(event: ExecutionEvent): ReadonlyArray<ExecutionEvent> {
    if (event._tag !== "Message") return [...this.#held.take(), event]
    const { draft } = event
    const callId = draft.metadata?.callId
    if (draft.type === "thinking" && draft.data.stage === undefined && callId !== undefined)
      return this.#addThinking(event, draft.data.content, callId)
    if (draft.type !== "skill_result" || !isSubAgentSkill(draft.data.skillName)) return [event]
    const isError = this.#held.isError || this.#isError(draft.data.result)
    const before = this.#held.take()
    if (!isError) return before.length === 0 ? [event] : [...before, event]
    return [{ ...event, draft: makeDraft({ ...draft, data: { ...draft.data, ...failed } }) }]
  }

  #addThinking(message: Message, content: string, callId: string): ReadonlyArray<ExecutionEvent> {
    if (this.#held.holds(message, content, this.#shownIn !== callId) && this.#held.mayBecomeError) return []
    this.#shownIn = callId
    const held = this.#held.take()
    return held.length === 0 ? [message] : held
  }

  #isError(result: unknown): boolean {
    return typeof result === "string" && RuntimeErrorText.isError(this.#patterns, result)
  }
}
