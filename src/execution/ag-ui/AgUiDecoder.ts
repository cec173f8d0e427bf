/**
 * Decodes the bytes of an AG-UI answer to events: one streaming `TextDecoder`, the line filter, one SSE parser (bytes may be
 * cut anywhere), JSON, schema. Plain code that never throws for any bytes.
 *
 * Comments, `RAW` and unknown events produce nothing. Five undecodable events in a row, or one that is too large, are a
 * failure. An unreadable event that may have been a call also commits the turn: nothing runs again.
 */
import { makeParser } from "effect/encoding/Sse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Decoded, Decoder } from "../DecodedAnswer.ts"
import { type ExecutionError, UpstreamFailed, UpstreamGarbled } from "../ExecutionError.ts"
import * as RuntimeJson from "../runtime/RuntimeJson.ts"
import { AgUiLines, limitOf, maxEventSize, maxSnapshotSize } from "./AgUiLines.ts"
import { AgUiMapping, type Facts } from "./AgUiMapping.ts"
import * as AgUiOlderForms from "./AgUiOlderForms.ts"
import { AgUiEvent, eventTypes, textContent } from "./AgUiWire.ts"

const upstream = "runtime"
/** Fewer may be a fault of one tool. This many mean that the server uses another wire format. */
const undecodableInARow = 5

const decodeEvent = Schema.decodeUnknownOption(AgUiEvent)

/** A parser's exception is the sender's fault, not a bug. */
const parse = (data: string): Result.Result<unknown, unknown> => Result.try(() => RuntimeJson.parse(data))

/** The name of every event of a call contains this. */
const callMark = "TOOL_CALL"

/** Events that are no part of the answer's text, and that arrive in numbers. */
const unimportant = /^(?:STATE|ACTIVITY|CUSTOM)/

const hasType = (json: unknown): json is { readonly type: string } =>
  Predicate.hasProperty(json, "type") && typeof json.type === "string"

/** One decoder per response. `feed` takes its chunks in order; `end` is called once after the last one. */
export class AgUiDecoder implements Decoder {
  /** `RAW` events can be megabytes for each token, and they are read only to be dropped. */
  readonly mostBytes = 1024 * 1024 * 1024
  /** Events with unknown types, and invalid drafts, which are skipped. */
  skipped = 0

  readonly #mapping: AgUiMapping
  #error: ExecutionError | undefined
  /** The first end counts, success or failure. Later data is ignored. */
  #ended = false
  #undecodable = 0
  readonly #text = new TextDecoder()
  readonly #lines = new AgUiLines()
  readonly #sse = makeParser(
    (event) => {
      // A `retry:` line is for clients that reconnect. The gateway never sends a turn twice.
      if (event._tag === "Event") this.#onData(event.data)
    },
    { maxEventSize: maxSnapshotSize },
  )

  constructor(facts: Facts) {
    this.#mapping = new AgUiMapping(facts)
  }

  feed(chunk: Uint8Array): Decoded {
    return this.#feedText(this.#text.decode(chunk, { stream: true }))
  }

  /** A clean end of the body also ends its last line and event. */
  end(): Decoded {
    const decoded = this.#feedText(`${this.#text.decode()}\n\n`)
    if (this.#ended) return decoded
    return { events: [...decoded.events, ...this.broken()], error: undefined }
  }

  /** The events of calls that have started when the connection breaks. */
  broken(): Decoded["events"] {
    if (!this.#ended) this.#mapping.flush()
    return this.#mapping.take()
  }

  #feedText(text: string): Decoded {
    if (this.#ended) return { events: [], error: this.#error }
    const { text: kept, tooLarge } = this.#lines.feed(text)
    const refused = this.#sse.feed(kept)
    if (tooLarge || refused !== undefined) this.#tooLarge(this.#lines.isCall)
    return { events: this.#mapping.take(), error: this.#error }
  }

  #onData(data: string): void {
    if (this.#ended) return
    if (data.length > maxEventSize && data.length > limitOf(data))
      return this.#tooLarge(data.slice(0, maxEventSize).includes(callMark))
    const parsed = parse(data)
    if (Result.isFailure(parsed)) return this.#unreadable("not JSON", data)
    const json = AgUiOlderForms.current(parsed.success)
    // `RAW` with an unusual order of its fields.
    if (json === undefined || (hasType(json) && json.type === "RAW")) return
    const event = textContent(json) ?? Option.getOrUndefined(decodeEvent(json))
    if (event !== undefined) return this.#onEvent(event)
    if (!hasType(json)) return this.#unreadable("no event type", data)
    if (eventTypes.has(json.type)) return this.#unusable(json.type)
    this.#undecodable = 0
    this.skipped += 1
    if (json.type.includes(callMark)) this.#mapping.unreadableCall()
  }

  #onEvent(event: AgUiEvent): void {
    if (this.#mapping.add(event)) this.#undecodable = 0
    else {
      this.skipped += 1
      this.#undecodableEvent("agent2ui with an invalid draft")
    }
    if (this.#mapping.error !== undefined) this.#end(this.#mapping.error)
    this.#ended ||= this.#mapping.finished
  }

  /** A known event with unreadable data. Most can be skipped, but not an end, a failure or a call. */
  #unusable(type: string): void {
    const detail = `${type} with unusable data`
    if (type === "RUN_ERROR") return this.#end(new UpstreamFailed({ upstream, code: "", message: "" }))
    if (type === "RUN_FINISHED") return this.#end(new UpstreamGarbled({ upstream, detail }))
    if (type.includes(callMark)) return this.#end(new UpstreamGarbled({ upstream, detail, called: true }))
    if (!unimportant.test(type)) this.#undecodableEvent(detail)
  }

  #unreadable(detail: string, data: string): void {
    if (data.includes(callMark)) this.#mapping.unreadableCall()
    this.#undecodableEvent(detail)
  }

  #undecodableEvent(detail: string): void {
    this.#undecodable += 1
    if (this.#undecodable < undecodableInARow) return
    const last = `${undecodableInARow} undecodable events in a row, the last: ${detail}`
    this.#end(new UpstreamGarbled({ upstream, detail: last }))
  }

  #tooLarge(called: boolean): void {
    const detail = "an event is too large"
    this.#end(new UpstreamGarbled({ upstream, detail, ...(called ? { called } : {}) }))
  }

  #end(error: ExecutionError): void {
    if (this.#ended) return
    this.#mapping.flush()
    this.#error = error
    this.#ended = true
  }
}
