/**
 * The parts of an answer as its reader saw them: Agent2UI messages with neighbouring texts joined and retracted content
 * left out. Pure.
 */
import { eventId } from "../domain/EventId.ts"
import type { RunId } from "../domain/Ids.ts"
import { heapBytes } from "../platform/HeapBytes.ts"
import { type Draft, envelop, type Message } from "../protocol/agent2ui/Message.ts"
import { isContent } from "../protocol/agent2ui/MessageRole.ts"

interface Shown {
  readonly seq: number
  readonly at: number
  readonly draft: Draft
}

/** Approximate heap of a part without its texts. */
const partHeapBytes = 100

const isText = (draft: Draft): draft is Extract<Draft, { readonly type: "text" | "markdown" }> =>
  draft.type === "text" || draft.type === "markdown"

const joined = (first: Draft, next: Draft): Draft | undefined =>
  isText(first) &&
  isText(next) &&
  first.type === next.type &&
  first.metadata?.stepId === next.metadata?.stepId
    ? { ...first, data: { content: first.data.content + next.data.content } }
    : undefined

export class ShownParts {
  #shown: Array<Shown> = []

  /** `at`: epoch milliseconds. Gives the heap that the message adds. */
  add(draft: Draft, seq: number, at: number): number {
    if (draft.type === "retract") {
      const { fromSeq, toSeq } = draft.data
      this.#shown = this.#shown.filter(
        (one) => one.seq < fromSeq || one.seq > toSeq || !isContent(one.draft.type),
      )
    }
    this.#shown.push({ seq, at, draft })
    return (
      partHeapBytes + (isText(draft) ? heapBytes(draft.data.content) : heapBytes(JSON.stringify(draft.data)))
    )
  }

  messages(runId: RunId): ReadonlyArray<Message> {
    const parts: Array<Shown> = []
    for (const one of this.#shown) {
      const last = parts.at(-1)
      const draft = last && joined(last.draft, one.draft)
      if (last === undefined || draft === undefined) parts.push(one)
      else parts[parts.length - 1] = { ...last, draft }
    }
    return parts.map(({ at, draft, seq }) => envelop(draft, eventId(runId, seq), new Date(at).toISOString()))
  }

  clear(): void {
    this.#shown = []
  }
}
