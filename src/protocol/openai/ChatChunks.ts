/**
 * The stream of `POST /v1/chat/completions`: SSE frames of `chat.completion.chunk`, then `[DONE]`, or an error object as the last
 * frame. The protocol has no ids of events, so a client cannot resume; and it cannot take text back, so a retract of shown text
 * ends the stream with an error. A held stream shows its answer at the end of the run, so a retract costs it nothing.
 */
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { Run, RunDone, RunError } from "../../domain/Run.ts"
import type { LogEntry } from "../../runs/RunEvent.ts"
import type { Message } from "../agent2ui/Message.ts"
import type { Encoder, OutputProtocol, StreamError } from "../Encoder.ts"
import { comment, contentType, dataFrame } from "../Sse.ts"
import { Answer, interruptError, partOf } from "./Answer.ts"
import { type ChatCompletionChunk, finishReasonOf, headOf, usageOf } from "./Completion.ts"
import { errorBody, ofRun } from "./ErrorObject.ts"

/** The settings of a request that shape its stream. */
export interface ChunkOptions {
  /** The model of the request. The last chunks name the answering model instead, if the upstream names it. */
  readonly model: string
  readonly includeUsage: boolean
  readonly hold: boolean
}

type Chunk = typeof ChatCompletionChunk.Type
type Delta = Chunk["choices"][number]["delta"]

const retracted = {
  code: "ANSWER_RETRACTED",
  message: "The answer was started again, and the text so far is not valid. Send the request again.",
}

class ChatChunks implements Encoder {
  readonly #run: Run
  readonly #options: ChunkOptions
  readonly #held: Answer | undefined
  #ended = false
  #started = false
  #lastContent = 0
  #interrupt: Interrupt | undefined

  constructor(run: Run, options: ChunkOptions) {
    this.#run = run
    this.#options = options
    this.#held = options.hold ? new Answer() : undefined
  }

  get ended(): boolean {
    return this.#ended
  }

  opening(): string {
    return comment
  }

  frames(entries: ReadonlyArray<LogEntry>): string {
    let text = ""
    for (const entry of entries) {
      if (this.#ended) break
      text += this.#held === undefined ? this.#frame(entry) : this.#holdBack(this.#held, entry)
    }
    return text
  }

  /** A comment, because clients of this protocol parse the data of every event. */
  heartbeat(): string {
    return ": heartbeat\n\n"
  }

  closing(error: StreamError): string {
    return this.#fail(error)
  }

  #frame({ event, seq }: LogEntry): string {
    switch (event.event) {
      case "message":
        return this.#message(event.data, seq)
      case "error":
        return this.#fail(event.data)
      case "done":
        return this.#interrupt === undefined
          ? this.#finish(event.data)
          : this.#fail(interruptError(this.#interrupt))
    }
  }

  #message(message: Message, seq: number): string {
    if (message.type === "retract" && message.data.fromSeq <= this.#lastContent) return this.#fail(retracted)
    if (message.type === "interrupt") this.#interrupt ??= message.data
    const part = partOf(message)
    if (part === undefined) return ""
    if (part.kind === "reasoning") return this.#delta({ reasoning_content: part.text })
    this.#lastContent = seq
    return this.#delta({ content: part.text })
  }

  #holdBack(answer: Answer, entry: LogEntry): string {
    answer.add(entry)
    if (entry.event.event === "message") return ""
    const { content, done, error, reasoning } = answer
    if (done === undefined) return this.#fail(error)
    return (
      (reasoning === "" ? "" : this.#delta({ reasoning_content: reasoning })) +
      (content === "" ? "" : this.#delta({ content })) +
      this.#finish(done)
    )
  }

  #delta(delta: Delta): string {
    const first: Delta = this.#started ? delta : { role: "assistant", ...delta }
    this.#started = true
    return this.#chunk(this.#options.model, [{ index: 0, delta: first, logprobs: null, finish_reason: null }])
  }

  #finish(done: RunDone): string {
    this.#ended = true
    const model = done.model ?? this.#options.model
    const finish = finishReasonOf(done.finishReason)
    const usage = this.#options.includeUsage ? this.#chunk(model, [], usageOf(done.usage)) : ""
    return `${this.#chunk(model, [{ index: 0, delta: {}, logprobs: null, finish_reason: finish }])}${usage}${dataFrame(undefined, "[DONE]")}`
  }

  /** Without `[DONE]`, so that no client takes a cut answer for a complete one. */
  #fail(error: Pick<RunError, "code" | "message">): string {
    this.#ended = true
    return dataFrame(undefined, JSON.stringify(ofRun(error)))
  }

  #chunk(model: string, choices: Chunk["choices"], usage: Chunk["usage"] = null): string {
    const chunk: Chunk = {
      ...headOf(this.#run, model),
      object: "chat.completion.chunk",
      choices,
      ...(this.#options.includeUsage ? { usage } : {}),
    }
    return dataFrame(undefined, JSON.stringify(chunk))
  }
}

export const chatChunks = (options: ChunkOptions): OutputProtocol => ({
  contentType,
  encoder: (run) => new ChatChunks(run, options),
  error: errorBody,
})
