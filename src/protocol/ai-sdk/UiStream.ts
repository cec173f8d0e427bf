/**
 * The AI SDK UI message stream (header `x-vercel-ai-ui-message-stream: v1`), which `useChat` reads with
 * `DefaultChatTransport`. A run is one message with the run's id; an attempt is a step of it. A stream ends with `finish`,
 * `abort` or `error`, then `[DONE]`.
 *
 * One event may be several frames. Only the last one has the event's id, so a reader that is cut between them gets all of
 * them again.
 */
import { eventId } from "../../domain/EventId.ts"
import type { FinishReason } from "../../domain/Outcome.ts"
import type { Run, RunDone, RunError } from "../../domain/Run.ts"
import { isTerminal, type LogEntry } from "../../runs/RunEvent.ts"
import { errorBody } from "../agent2ui/Frame.ts"
import type { Message } from "../agent2ui/Message.ts"
import { isContent } from "../agent2ui/MessageRole.ts"
import type { Encoder, OutputProtocol, StreamError } from "../Encoder.ts"
import { comment, contentType, dataFrame } from "../Sse.ts"
import type { Chunk } from "./Chunk.ts"
import * as SafeJson from "./SafeJson.ts"
import { Shown } from "./Shown.ts"
import { Step } from "./Step.ts"

const finishReasons: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  content_filter: "content-filter",
  other: "other",
  // The client's word for an answer that waits for a call. After `interrupted` it never sends an approval by itself.
  interrupt: "tool-calls",
}

const done = "data: [DONE]\n\n"
const heartbeat = ": heartbeat\n\n"

/** Shown text must be taken back, and the stream no longer has the rest of the step. */
const retracted = {
  code: "ANSWER_RETRACTED",
  message: "The answer was replaced. Load the conversation again.",
  recoverable: true,
} as const

/** The code reaches `onData` before the client ends the stream with the sentence. */
const failure = (error: { readonly code: string; readonly message: string }): ReadonlyArray<Chunk> => [
  { type: "data-run-error", data: error, transient: true },
  { type: "error", errorText: error.message },
]

/** The message of the client that the run continues, if the client has answered an approval in it. */
export interface Continued {
  readonly messageId: string
  /** The calls that the message shows. */
  readonly calls: ReadonlyArray<string>
  /** The calls that the user has denied. */
  readonly denied: ReadonlyArray<string>
}

type RunIds = Pick<Run, "id" | "sessionId">

class UiStream implements Encoder {
  readonly #run: RunIds
  readonly #continued: Continued | undefined
  #step: Step
  #shown = new Shown()
  #started = false
  #ended = false

  constructor(run: RunIds, continued: Continued | undefined) {
    this.#run = run
    this.#continued = continued
    this.#step = this.#newStep()
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
      text += this.#framed(this.chunks(entry), entry.seq)
    }
    return text
  }

  skip(entry: LogEntry): void {
    this.chunks(entry)
  }

  heartbeat(): string {
    return heartbeat
  }

  closing({ code, message }: StreamError, seq: number): string {
    this.#ended = true
    return this.#framed(failure({ code, message }), seq)
  }

  #framed(chunks: ReadonlyArray<Chunk>, seq: number): string {
    let text = ""
    for (const [index, chunk] of chunks.entries()) {
      const id = index === chunks.length - 1 ? eventId(this.#run.id, seq) : undefined
      text += dataFrame(id, SafeJson.stringify(chunk))
    }
    return this.#ended ? text + done : text
  }

  chunks({ event, seq }: LogEntry): ReadonlyArray<Chunk> {
    if (event.event === "error") return this.#failed(event.data)
    const begun = this.#begin()
    const chunks = event.event === "done" ? this.#finished(event.data) : this.#message(event.data, seq)
    this.#ended ||= isTerminal(event)
    return begun.length === 0 ? chunks : [...begun, ...chunks]
  }

  #begin(): ReadonlyArray<Chunk> {
    if (this.#started) return []
    this.#started = true
    const { id: runId, sessionId } = this.#run
    const { denied = [], messageId = runId } = this.#continued ?? {}
    return [
      { type: "start", messageId, messageMetadata: { runId, sessionId } },
      ...denied.map((toolCallId) => ({ type: "tool-output-denied", toolCallId }) as const),
      { type: "start-step" },
    ]
  }

  #message(message: Message, seq: number): ReadonlyArray<Chunk> {
    if (message.type === "fallback") {
      const abandoned = this.#step.abandon()
      const data = { type: "data-fallback", data: message.data, transient: true } as const
      this.#step = this.#newStep()
      this.#shown = new Shown()
      return [...abandoned, { type: "finish-step" }, data, { type: "start-step" }]
    }
    if (message.type === "retract") return this.#retract(message.data)
    this.#shown.add(message, seq)
    return this.#step.chunks(message, seq)
  }

  /** Resets the step, and repeats the parts of it that stay. */
  #retract({ fromSeq, toSeq }: { readonly fromSeq: number; readonly toSeq: number }): ReadonlyArray<Chunk> {
    const isRetracted = (message: Message, seq: number) =>
      isContent(message.type) && seq >= fromSeq && seq <= toSeq
    const rest = this.#shown.without(isRetracted)
    if (rest === undefined) {
      this.#ended = true
      return failure(retracted)
    }
    this.#step = this.#newStep()
    return [{ type: "reset-step" }, ...rest.flatMap(({ message, seq }) => this.#step.chunks(message, seq))]
  }

  #finished({ finishReason = "stop", ...messageMetadata }: RunDone): ReadonlyArray<Chunk> {
    return [
      ...this.#step.close(),
      { type: "finish-step" },
      { type: "finish", finishReason: finishReasons[finishReason], messageMetadata },
    ]
  }

  /** A cancel is the user's own, so the client shows the answer so far without an error. */
  #failed(error: RunError): ReadonlyArray<Chunk> {
    this.#ended = true
    const closing = this.#started ? this.#step.close() : []
    return error.code === "EXECUTION_CANCELLED"
      ? [...closing, { type: "abort", reason: error.message }]
      : [...closing, ...failure(error)]
  }

  #newStep(): Step {
    return new Step(this.#run.id, this.#continued?.calls ?? [])
  }
}

/** The chunks of a whole run. */
export const chunksOf = (
  run: RunIds,
  entries: ReadonlyArray<LogEntry>,
  continued: Continued | undefined,
): ReadonlyArray<Chunk> => {
  const stream = new UiStream(run, continued)
  return entries.flatMap((entry) => stream.chunks(entry))
}

/** `continued`: see `Continued`; undefined for a new message. */
export const uiStream = (continued?: Continued): OutputProtocol => ({
  contentType,
  headers: { "x-vercel-ai-ui-message-stream": "v1" },
  encoder: (run) => new UiStream(run, continued),
  error: errorBody,
})
