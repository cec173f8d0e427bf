/**
 * The text of an answer, built from its messages. It is stored as the assistant's message and sent as history. Pure. Parts
 * that are not text leave a short mark, so that an answer of only a table is not an empty message.
 */
import type { Draft } from "../protocol/agent2ui/Message.ts"
import type { Interrupt } from "../domain/Interrupt.ts"
import { heapBytes } from "../platform/HeapBytes.ts"

const mark = (draft: Draft): string => {
  switch (draft.type) {
    case "text":
    case "markdown":
      return draft.data.content
    case "code":
      return `\n\`\`\`${draft.data.language}\n${draft.data.code}\n\`\`\`\n`
    case "file":
      return `\n[file: ${draft.data.filename}]\n`
    case "image":
      return `\n[image: ${draft.data.alt ?? draft.data.caption ?? ""}]\n`
    case "interrupt":
      return `\n[interrupt: ${draft.data.message ?? draft.data.reason}]\n`
    case "table":
    case "chart":
    case "report":
      return `\n[${draft.type}]\n`
    default:
      return ""
  }
}

/** An array element and a string header. */
const partHeapBytes = 24

/** The transcript of one run. Appending to an array and joining once keeps a long answer linear. */
export class Transcript {
  /** One part per message, in order: message `seq` has part `seq - 1`. */
  #parts: Array<string> = []
  #interrupts: Array<Interrupt> = []

  /** Gives the heap that the message adds. */
  add(draft: Draft): number {
    if (draft.type === "retract") this.#parts.fill("", draft.data.fromSeq - 1, draft.data.toSeq)
    if (draft.type === "interrupt") this.#interrupts.push(draft.data)
    const part = mark(draft)
    this.#parts.push(part)
    return heapBytes(part) + partHeapBytes
  }

  clear(): void {
    this.#parts = []
    this.#interrupts = []
  }

  /** The interrupts of the run. */
  get interrupts(): ReadonlyArray<Interrupt> {
    return this.#interrupts
  }

  get text(): string {
    return this.#parts.join("")
  }
}
