/**
 * Holds back the text of one speaker (the answer, or a sub-agent) while it may be an error of the runtime. Plain
 * code, one per speaker.
 */
import * as RuntimeErrorText from "../../domain/RuntimeErrorText.ts"
import type { ExecutionEvent } from "../Executor.ts"

export type Message = Extract<ExecutionEvent, { readonly _tag: "Message" }>

export class HeldText {
  readonly #patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>
  #messages: Array<Message> = []
  #text = ""
  #longest = 0

  constructor(patterns: ReadonlyArray<RuntimeErrorText.ErrorPattern>) {
    this.#patterns = patterns
  }

  get text(): string {
    return this.#messages.length === 0 ? "" : this.#text
  }

  /**
   * Returns true if it holds the message. False: the message may be shown. `first`: this speaker has shown no text
   * yet.
   */
  holds(message: Message, content: string, first: boolean): boolean {
    const begins = this.#messages.length === 0
    if (begins && !first && !RuntimeErrorText.startsError(this.#patterns, content)) return false
    if (begins) this.#longest = Math.max(RuntimeErrorText.longestHeld, content.length)
    this.#messages.push(message)
    this.#text = begins ? content : this.#text + content
    return true
  }

  get mayBecomeError(): boolean {
    return RuntimeErrorText.mayBecomeError(this.#patterns, this.#text, this.#longest)
  }

  get isError(): boolean {
    return RuntimeErrorText.isError(this.#patterns, this.text)
  }

  /** Returns the held messages and releases them. */
  take(): ReadonlyArray<Message> {
    const held = this.#messages
    this.#messages = []
    return held
  }
}
