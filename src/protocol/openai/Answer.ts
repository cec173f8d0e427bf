/** The answer of a run so far, for a response that shows nothing before the end. A retract removes its parts. Pure. */
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { RunDone, RunError } from "../../domain/Run.ts"
import type { LogEntry } from "../../runs/RunEvent.ts"
import type { Message } from "../agent2ui/Message.ts"
import { isCall, isContent, isResult } from "../agent2ui/MessageRole.ts"
import { messageText } from "./MessageText.ts"

interface Part {
  readonly seq: number
  readonly kind: "content" | "reasoning"
  readonly text: string
}

/** The interrupt as an error: no field of OpenAI's protocols can carry the question and its answer. */
export const interruptError = ({ message, reason }: Interrupt): Pick<RunError, "code" | "message"> => ({
  code: "INTERRUPT",
  message: `The agent waits for an answer that this protocol cannot carry: ${message ?? reason}`,
})

export class Answer {
  #parts: Array<Part> = []
  #hasActed = false
  #interrupt: Interrupt | undefined
  done: RunDone | undefined
  error: Pick<RunError, "code" | "message"> & Partial<RunError> = {
    code: "INTERNAL_ERROR",
    message: "Something went wrong on our side.",
  }

  add({ event, seq }: LogEntry): void {
    if (event.event === "message") this.#message(event.data, seq)
    else if (event.event === "error") this.error = event.data
    else if (this.#interrupt === undefined) this.done = event.data
    else this.error = interruptError(this.#interrupt)
  }

  get content(): string {
    return this.#textOf("content")
  }

  get reasoning(): string {
    return this.#textOf("reasoning")
  }

  /** True if the run has written content or made a call, so another run of the same request may repeat an effect. */
  get hasActed(): boolean {
    return this.#hasActed
  }

  #message(message: Message, seq: number): void {
    const { type } = message
    if (isContent(type) || isCall(type) || isResult(type)) this.#hasActed = true
    if (type === "interrupt") this.#interrupt ??= message.data
    if (type === "retract") {
      const { fromSeq, toSeq } = message.data
      this.#parts = this.#parts.filter((part) => part.seq < fromSeq || part.seq > toSeq)
    }
    const part = partOf(message)
    if (part !== undefined) this.#parts.push({ ...part, seq })
  }

  #textOf(kind: Part["kind"]): string {
    let text = ""
    for (const part of this.#parts) if (part.kind === kind) text += part.text
    return text
  }
}

/** The message as a part of the answer or of the reasoning; undefined if a client sees nothing of it. */
export const partOf = (message: Message): Omit<Part, "seq"> | undefined => {
  const kind = message.type === "thinking" ? "reasoning" : "content"
  const text = message.type === "thinking" ? message.data.content : messageText(message)
  return text === "" ? undefined : { kind, text }
}
