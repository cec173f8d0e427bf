/**
 * The answer of one attempt of the runtime: the messages in order, text held back while it may be an error, and the
 * comparison with `final_response`, the authoritative answer. Plain code, one per response.
 *
 * A text chunk can be lost or unreadable. So at the end the shown text is completed, or retracted and sent again.
 * Only text is retracted: calls and files of the attempt stay, because nothing runs again.
 */
import { draft, textDraft } from "../../protocol/agent2ui/Message.ts"
import type { RunId } from "../../domain/Ids.ts"
import type { ExecutionEvent } from "../Executor.ts"
import * as RuntimeErrorText from "../../domain/RuntimeErrorText.ts"
import { HeldText, type Message } from "./HeldText.ts"
import { SubAgentText } from "./SubAgentText.ts"

const text = (content: string): Message => ({ _tag: "Message", draft: textDraft(content) })

/** Types that may arrive between the chunks of a held text: they are no part of the answer and start nothing. */
const interleaved: ReadonlySet<string> = new Set(["thinking", "plan", "plan_step"])

/**
 * The part of `final` after `shown`. Undefined if they differ by more than spaces at the ends or Unicode
 * normalization.
 */
export const restOf = (shown: string, final: string): string | undefined => {
  if (final.startsWith(shown)) return final.slice(shown.length)
  const begun = shown.trimStart()
  const whole = final.trimStart()
  if (whole.startsWith(begun)) return whole.slice(begun.length)
  return begun.trimEnd().normalize() === whole.trimEnd().normalize() ? "" : undefined
}

export class RuntimeAnswer {
  readonly #runId: RunId
  readonly #patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>
  #out: Array<ExecutionEvent> = []
  /** Messages of this attempt so far. */
  #messages = 0
  #shown = ""
  /** The positions of the shown text among the messages. Adjacent ones form one range. */
  #ranges: Array<{ readonly fromSeq: number; toSeq: number }> = []
  readonly #held: HeldText
  readonly #subAgent: SubAgentText

  constructor(runId: RunId, patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>) {
    this.#runId = runId
    this.#patterns = patterns
    this.#held = new HeldText(patterns)
    this.#subAgent = new SubAgentText(patterns)
  }

  /** Takes the next messages. Shows text of the answer now, or later if it may be an error. */
  add(messages: ReadonlyArray<ExecutionEvent>): void {
    for (const message of messages) {
      if (message._tag === "Message" && message.draft.type === "text")
        this.#addText(message, message.draft.data.content)
      else this.#addOther(message)
    }
  }

  /** Completes or corrects the answer. False: the answer is an error of the runtime, and the held text is dropped. */
  end(final: string): boolean {
    const answer = final.trim()
    if (this.#isError(answer)) return false
    if (answer === "") {
      this.#release()
      return true
    }
    this.#held.take()
    const rest = restOf(this.#shown, final)
    if (rest === undefined) this.#takeBack()
    if (rest !== "") this.#show(text(rest ?? final))
    return true
  }

  /** The events since the previous `take`. */
  take(): ReadonlyArray<ExecutionEvent> {
    const out = this.#out
    this.#out = []
    return out
  }

  #addText(message: Message, content: string): void {
    if (!this.#held.holds(message, content, this.#shown === "")) return this.#show(message)
    if (!this.#held.mayBecomeError) this.#release()
  }

  #addOther(event: ExecutionEvent): void {
    if (event._tag !== "Message" || !interleaved.has(event.draft.type)) this.#release()
    for (const message of this.#subAgent.next(event)) this.#push(message)
  }

  #isError(answer: string): boolean {
    return RuntimeErrorText.endsInError(
      this.#patterns,
      answer === "" ? this.#shown + this.#held.text : answer,
    )
  }

  #release(): void {
    for (const message of this.#held.take()) this.#show(message)
  }

  #show(message: Message): void {
    this.#push(message)
    if (message.draft.type !== "text") return
    this.#shown += message.draft.data.content
    const last = this.#ranges.at(-1)
    if (last?.toSeq === this.#messages - 1) last.toSeq = this.#messages
    else this.#ranges.push({ fromSeq: this.#messages, toSeq: this.#messages })
  }

  #push(event: ExecutionEvent): void {
    if (event._tag === "Message") this.#messages += 1
    this.#out.push(event)
  }

  #takeBack(): void {
    const reason = "The answer was corrected."
    const ranges = this.#ranges
    this.#ranges = []
    this.#shown = ""
    for (const range of ranges)
      this.#push({
        _tag: "Message",
        draft: draft({ type: "retract", data: { runId: this.#runId, ...range, reason } }),
      })
  }
}
