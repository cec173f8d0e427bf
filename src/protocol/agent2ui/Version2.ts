/** Agent2UI version 2: each event of the run is one SSE frame with the event's own id. */
import type { RunId } from "../../domain/Ids.ts"
import { isTerminal, type LogEntry } from "../../runs/RunEvent.ts"
import type { Encoder, OutputProtocol, StreamError } from "../Encoder.ts"
import { contentType } from "../Sse.ts"
import * as Frame from "./Frame.ts"

class Version2 implements Encoder {
  readonly #runId: RunId
  #ended = false

  constructor(runId: RunId) {
    this.#runId = runId
  }

  get ended(): boolean {
    return this.#ended
  }

  opening(seq: number): string {
    return Frame.opening(this.#runId, seq)
  }

  frames(entries: ReadonlyArray<LogEntry>): string {
    let text = ""
    for (const entry of entries) {
      text += Frame.frameOf(this.#runId, entry)
      if (isTerminal(entry.event)) this.#ended = true
    }
    return text
  }

  heartbeat(): string {
    return Frame.heartbeat
  }

  closing(error: StreamError, seq: number): string {
    return Frame.lastFrame(this.#runId, seq, error)
  }
}

export const version2: OutputProtocol = {
  contentType,
  encoder: ({ id }) => new Version2(id),
  error: Frame.errorBody,
}
