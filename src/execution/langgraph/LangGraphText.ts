/**
 * The text of an answer by its messages: each is shown once, whether the server streams it, delivers it in the state, or
 * both. The state is authoritative, so text that differs from it is retracted. Plain code, one per response.
 */
import { draft, textDraft } from "../../protocol/agent2ui/Message.ts"
import type { RunId } from "../../domain/Ids.ts"
import type { ExecutionEvent } from "../Executor.ts"

interface Shown {
  /** The graph's node that streamed it. */
  readonly node: string
  text: string
  /** The positions of its text among the events. */
  ranges: Array<{ readonly fromSeq: number; toSeq: number }>
  /** All of it has been streamed. */
  ended: boolean
  /** The state has it. */
  settled: boolean
}

export interface WholeText {
  readonly id: string
  readonly text: string
}

export class LangGraphText {
  readonly #runId: RunId
  readonly #messages = new Map<string, Shown>()
  #out: Array<ExecutionEvent> = []
  #count = 0
  /** The last character of the shown text; empty if there is none. */
  #last = ""

  constructor(runId: RunId) {
    this.#runId = runId
  }

  /** Passes an event on that is no text of a message. */
  push(event: ExecutionEvent): void {
    this.#count += 1
    this.#out.push(event)
  }

  /** The events since the previous `take`. */
  take(): ReadonlyArray<ExecutionEvent> {
    const out = this.#out
    this.#out = []
    return out
  }

  stream(id: string, node: string, text: string, isLast: boolean): void {
    const shown = this.#messages.get(id) ?? { node, text: "", ranges: [], ended: false, settled: false }
    this.#messages.set(id, shown)
    shown.ended ||= isLast
    this.#show(shown, text)
  }

  /** A whole message that is an event of its own: the node returned it, and no model streamed it. */
  whole(message: WholeText, node: string): void {
    this.#complete(message, node)
  }

  /** The messages that `node` has written to the state. Its streamed texts that are not among them are retracted. */
  settle(node: string, messages: ReadonlyArray<WholeText>): void {
    const own = new Set(messages.map((message) => this.#shownOf(message)))
    const isSuperseded = (shown: Shown) =>
      shown.node === node && shown.ended && !shown.settled && !own.has(shown)
    if (messages.some(({ text }) => text !== ""))
      for (const shown of this.#messages.values()) if (isSuperseded(shown)) this.#retract(shown)
    for (const message of messages) this.#complete(message, node).settled = true
  }

  /** The server runs the agent again from its start. */
  retractAll(): void {
    for (const shown of this.#messages.values()) this.#retract(shown)
    this.#messages.clear()
  }

  /** A node may return a streamed text as a new message with another id. */
  #shownOf({ id, text }: WholeText): Shown | undefined {
    const own = this.#messages.get(id)
    if (own !== undefined || text.trim() === "") return own
    const copied = [...this.#messages.values()].find(
      (shown) => !shown.settled && shown.text.trim() === text.trim(),
    )
    if (copied !== undefined) this.#messages.set(id, copied)
    return copied
  }

  #complete(message: WholeText, node: string): Shown {
    const known = this.#shownOf(message)
    const shown = known ?? { node, text: "", ranges: [], ended: true, settled: false }
    if (known === undefined) this.#messages.set(message.id, shown)
    shown.ended = true
    if (message.text.startsWith(shown.text)) this.#show(shown, message.text.slice(shown.text.length))
    else if (message.text.trim() !== shown.text.trim()) {
      this.#retract(shown)
      this.#show(shown, message.text)
    }
    return shown
  }

  #show(shown: Shown, text: string): void {
    if (text === "") return
    // Two messages of an agent are two paragraphs.
    const gap = shown.text === "" && this.#last !== "" && this.#last !== "\n" ? "\n\n" : ""
    shown.text += text
    this.#last = text.slice(-1)
    this.push({ _tag: "Message", draft: textDraft(gap + text) })
    const last = shown.ranges.at(-1)
    if (last?.toSeq === this.#count - 1) last.toSeq = this.#count
    else shown.ranges.push({ fromSeq: this.#count, toSeq: this.#count })
  }

  #retract(shown: Shown): void {
    const { ranges } = shown
    shown.ranges = []
    shown.text = ""
    if ([...this.#messages.values()].every((other) => other.text === "")) this.#last = ""
    for (const range of ranges)
      this.push({
        _tag: "Message",
        draft: draft({
          type: "retract",
          data: { runId: this.#runId, ...range, reason: "The answer was corrected." },
        }),
      })
  }
}
