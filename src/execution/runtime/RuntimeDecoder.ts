/**
 * From the bytes of the runtime's answer to its events: one streaming `TextDecoder` (characters may be cut anywhere),
 * one SSE parser (frames may be cut anywhere), JSON, schema. Plain code that never throws, whatever the bytes are.
 *
 * Comments, pings and unknown events give nothing. Five undecodable events in a row, or one over 1 MiB, are a failure.
 */
import { makeParser } from "effect/encoding/Sse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ExecutionError, UpstreamGarbled } from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import * as RuntimeMapping from "./RuntimeMapping.ts"
import { AnyEvent, eventNames, RuntimeEvent } from "./RuntimeWire.ts"

/** Envoy and friends treat a single larger event as an attack; no honest event comes near. */
const maxEventSize = 1024 * 1024
/** Fewer may be a hiccup of one tool; this many say that the other side does not speak this wire. */
const undecodableInARow = 5

/** Deep nesting can exhaust the stack of both parsers: that is the sender's fault, not a bug. */
const decode = (
  data: string,
): Result.Result<{ readonly json: unknown; readonly event: RuntimeEvent | undefined }, unknown> =>
  Result.try(() => {
    const json: unknown = JSON.parse(data)
    return { json, event: Option.getOrUndefined(decodeEvent(json)) }
  })

const decodeEvent = Schema.decodeUnknownOption(RuntimeEvent)
const isAnyEvent = Schema.is(AnyEvent)

export interface Decoded {
  readonly events: ReadonlyArray<ExecutionEvent>
  /** Comes after `events`; nothing follows it. */
  readonly error: ExecutionError | undefined
}

/** One decoder a response. `feed` takes its chunks in order. */
export class RuntimeDecoder {
  /** Events of names that this gateway does not know; they are skipped. */
  unknown = 0

  #state: RuntimeMapping.State
  #events: Array<ExecutionEvent> = []
  #error: ExecutionError | undefined
  #undecodable = 0
  readonly #text = new TextDecoder()
  readonly #sse = makeParser(
    (event) => {
      // A `retry:` line is for clients that reconnect; a turn is never sent twice.
      if (event._tag === "Event") this.#onData(event.data)
    },
    { maxEventSize },
  )

  constructor(runId: RuntimeMapping.State["runId"]) {
    this.#state = RuntimeMapping.initial(runId)
  }

  feed(chunk: Uint8Array): Decoded {
    const tooLarge = this.#sse.feed(this.#text.decode(chunk, { stream: true }))
    if (tooLarge !== undefined) this.#fail(`an event is larger than ${maxEventSize} bytes`)
    const events = this.#events
    this.#events = []
    return { events, error: this.#error }
  }

  #onData(data: string): void {
    if (this.#error !== undefined || data === "[DONE]") return
    const decoded = decode(data)
    if (Result.isFailure(decoded)) return this.#undecodableEvent("not JSON")
    const { event, json } = decoded.success
    if (event !== undefined) {
      this.#undecodable = 0
      return this.#onEvent(event)
    }
    if (isAnyEvent(json) && !eventNames.has(json.event)) {
      this.#undecodable = 0
      this.unknown += 1
      return
    }
    this.#undecodableEvent(isAnyEvent(json) ? `${json.event} with unusable data` : "no event name")
  }

  #onEvent(event: RuntimeEvent): void {
    const mapped = RuntimeMapping.next(this.#state, event)
    if (mapped._tag === "Failed") {
      this.#error = mapped.error
      return
    }
    this.#state = mapped.state
    for (const out of mapped.events) this.#events.push(out)
  }

  #undecodableEvent(detail: string): void {
    this.#undecodable += 1
    if (this.#undecodable >= undecodableInARow)
      this.#fail(`${undecodableInARow} undecodable events in a row, the last: ${detail}`)
  }

  #fail(detail: string): void {
    this.#error ??= new UpstreamGarbled({ upstream: "runtime", detail })
  }
}
