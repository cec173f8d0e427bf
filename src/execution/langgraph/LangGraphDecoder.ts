/**
 * Decodes the bytes of a LangGraph run's stream. Plain code that never throws for any bytes.
 *
 * Event names are stream modes, with the subgraph's place after a `|`. Comments are heartbeats and produce nothing, like
 * events of unknown names. The stream has no event for its end, so its end alone is no success: `LangGraphRun` asks for
 * the run's status.
 */
import { makeParser } from "effect/encoding/Sse"
import * as Result from "effect/Result"
import type { RunId } from "../../domain/Ids.ts"
import type { Decoded, Decoder } from "../DecodedAnswer.ts"
import { recordOf, textOf } from "../direct/JsonRead.ts"
import { type ExecutionError, UpstreamCancelled, UpstreamFailed, UpstreamGarbled } from "../ExecutionError.ts"
import * as RuntimeJson from "../runtime/RuntimeJson.ts"
import { LangGraphAnswer } from "./LangGraphAnswer.ts"

const upstream = "runtime"

/** Characters. The output of a node may repeat the whole thread. */
const maxEventSize = 16 * 1024 * 1024
const tooLarge = `an event is larger than ${maxEventSize} characters`

const known = new Set(["metadata", "messages", "updates", "custom", "error"])

/** The names of the server's errors for a run that was cancelled. */
const cancelled = new Set(["UserInterrupt", "UserRollback", "CancelledError"])

const failureOf = (json: unknown): ExecutionError => {
  const { error, message } = recordOf(json) ?? {}
  const detail = textOf(error)
  if (detail !== undefined && cancelled.has(detail)) return new UpstreamCancelled({ upstream })
  const text = textOf(message) ?? textOf(json) ?? ""
  return new UpstreamFailed({
    upstream,
    code: "",
    message: text,
    ...(detail === undefined ? {} : { detail }),
  })
}

export class LangGraphDecoder implements Decoder {
  readonly answer: LangGraphAnswer
  /** The server's id of the run. */
  serverRunId: string | undefined

  #error: ExecutionError | undefined
  readonly #text = new TextDecoder()
  readonly #sse = makeParser(
    (event) => {
      if (event._tag === "Event" && this.#error === undefined) this.#onEvent(event.event, event.data)
    },
    { maxEventSize },
  )

  constructor(runId: RunId) {
    this.answer = new LangGraphAnswer(runId)
  }

  feed(chunk: Uint8Array): Decoded {
    return this.#feedText(this.#text.decode(chunk, { stream: true }))
  }

  /** An event that its blank line does not end is cut off, so it is not read. */
  end(): Decoded {
    this.#feedText(this.#text.decode())
    this.answer.end()
    return { events: this.answer.take(), error: this.#error }
  }

  #feedText(text: string): Decoded {
    const refused = this.#sse.feed(text)
    if (refused !== undefined) this.#fail(new UpstreamGarbled({ upstream, detail: tooLarge, called: true }))
    return { events: this.answer.take(), error: this.#error }
  }

  #onEvent(name: string, data: string): void {
    const at = name.indexOf("|")
    const mode = at === -1 ? name : name.slice(0, at)
    if (!known.has(mode)) return
    const parsed = Result.try(() => RuntimeJson.parse(data))
    // Any of them may have been a call, and the server never writes such an event.
    if (Result.isFailure(parsed))
      return this.#fail(new UpstreamGarbled({ upstream, detail: `${mode} is not JSON`, called: true }))
    this.#onJson(mode, parsed.success, at !== -1)
  }

  #onJson(mode: string, json: unknown, isNested: boolean): void {
    switch (mode) {
      case "metadata":
        return this.#onMetadata(json)
      case "messages":
        return this.answer.message(json, isNested)
      case "updates":
        return this.answer.update(json, isNested)
      case "custom":
        return this.answer.custom(json)
      case "error":
        return this.#fail(failureOf(json))
    }
  }

  #onMetadata(json: unknown): void {
    const { attempt, run_id } = recordOf(json) ?? {}
    if (typeof attempt === "number" && attempt > 1) this.answer.restart()
    this.serverRunId = textOf(run_id) ?? this.serverRunId
  }

  #fail(error: ExecutionError): void {
    if (this.#error !== undefined) return
    this.answer.end()
    this.#error = error
  }
}
