/**
 * Agent2UI version 1: the messages of version 2, rewritten for clients that know fewer types (`Downlevel`). Ids keep the
 * numbers of the run's events, so a client may resume in either version.
 */
import { eventId } from "../../domain/EventId.ts"
import type { RunId } from "../../domain/Ids.ts"
import { isTerminal, type LogEntry } from "../../runs/RunEvent.ts"
import type { Encoder, OutputProtocol, StreamError } from "../Encoder.ts"
import { contentType, frame } from "../Sse.ts"
import { Downlevel } from "./Downlevel.ts"
import * as Frame from "./Frame.ts"
import type { Message } from "./Message.ts"

/** Sent where shown text must be taken back, which version 1 cannot express. */
const retracted = {
  code: "ANSWER_RETRACTED",
  message: "The answer had to be begun again. Send the message again.",
}

/**
 * One event may be two frames in version 1. Only the last frame has the event's id, so a reader that is cut between them gets
 * both again.
 */
const framesOf = (runId: RunId, seq: number, messages: ReadonlyArray<Message>): string =>
  messages
    .map((message, index) => {
      const id = eventId(runId, index === messages.length - 1 ? seq : seq - 1)
      return frame(id, "message", JSON.stringify(message))
    })
    .join("")

class Version1 implements Encoder {
  readonly #runId: RunId
  readonly #downlevel = new Downlevel()
  #ended = false

  constructor(runId: RunId) {
    this.#runId = runId
  }

  get ended(): boolean {
    return this.#ended || this.#downlevel.retracted
  }

  opening(seq: number): string {
    return Frame.opening(this.#runId, seq)
  }

  frames(entries: ReadonlyArray<LogEntry>): string {
    let text = ""
    for (const entry of entries) {
      if (this.ended) break
      text += this.#frame(entry)
    }
    return text
  }

  heartbeat(): string {
    return Frame.heartbeat
  }

  closing(error: StreamError, seq: number): string {
    return Frame.lastFrame(this.#runId, seq, error)
  }

  skip({ event }: LogEntry): void {
    if (event.event === "message") this.#downlevel.messages(event.data)
  }

  #frame(entry: LogEntry): string {
    const { event, seq } = entry
    if (event.event !== "message") {
      this.#ended = isTerminal(event)
      return Frame.frameOf(this.#runId, entry)
    }
    const text = framesOf(this.#runId, seq, this.#downlevel.messages(event.data))
    return this.#downlevel.retracted ? text + Frame.lastFrame(this.#runId, seq, retracted) : text
  }
}

export const version1: OutputProtocol = {
  contentType,
  encoder: ({ id }) => new Version1(id),
  error: Frame.errorBody,
}
