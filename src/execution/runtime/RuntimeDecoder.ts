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
import { type ExecutionError, UpstreamFailed, UpstreamGarbled } from "../ExecutionError.ts"
import type { Decoded } from "../DecodedAnswer.ts"
import type { ExecutionEvent } from "../Executor.ts"
import * as RuntimeMapping from "./RuntimeMapping.ts"
import { AnyEvent, eventNames, RuntimeEvent, textChunk } from "./RuntimeWire.ts"

/** Envoy and friends treat a single larger event as an attack; no honest event comes near. */
const maxEventSize = 1024 * 1024
const tooLarge = `an event is larger than ${maxEventSize} characters`
/** Fewer may be a hiccup of one tool; this many say that the other side does not speak this wire. */
const undecodableInARow = 5

/** Whatever a parser throws is the sender's fault, not a bug. */
const decode = (
  data: string,
): Result.Result<{ readonly json: unknown; readonly event: RuntimeEvent | undefined }, unknown> =>
  Result.try(() => {
    // oxlint-disable-next-line no-restricted-properties -- this is the edge, and a schema would parse at twice the cost
    const parsed: unknown = JSON.parse(data)
    // Each level takes two characters at the least: a short event need not be looked through.
    const isDeep = data.length > 2 * maxDepth && isDeeperThan(maxDepth, parsed)
    const json = isDeep ? cutAt(maxDepth, parsed) : parsed
    return { json, event: textChunk(json) ?? Option.getOrUndefined(decodeEvent(json)) }
  })

/**
 * Deeper than serde_json's limit nobody nests honestly, and `JSON.stringify` runs out of stack where `JSON.parse` does
 * not. What is deeper becomes null; the event stays, as a call that has started must not be missed.
 */
const maxDepth = 128

const isNested = (json: unknown): json is object => typeof json === "object" && json !== null

const isDeeperThan = (depth: number, json: unknown): boolean =>
  isNested(json) && (depth === 0 || Object.values(json).some((inner) => isDeeperThan(depth - 1, inner)))

const cutAt = (depth: number, json: unknown): unknown => {
  if (!isNested(json)) return json
  if (depth === 0) return null
  if (Array.isArray(json)) return json.map((inner) => cutAt(depth - 1, inner))
  return Object.fromEntries(Object.entries(json).map(([key, inner]) => [key, cutAt(depth - 1, inner)]))
}

/** `[DONE]` alone ends a turn well, as if nothing were left to say. */
const done: RuntimeEvent = { event: "execution_complete", data: {} }

const decodeEvent = Schema.decodeUnknownOption(RuntimeEvent)
const isAnyEvent = Schema.is(AnyEvent)

/** One decoder a response. `feed` takes its chunks in order. */
export class RuntimeDecoder {
  /** Events of names that this gateway does not know; they are skipped. */
  unknown = 0

  #state: RuntimeMapping.State
  #events: Array<ExecutionEvent> = []
  #error: ExecutionError | undefined
  /** The first end counts, be it well or a failure: whatever follows is not looked at. */
  #ended = false
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
    const refused = this.#sse.feed(this.#text.decode(chunk, { stream: true }))
    if (refused !== undefined) this.#fail(tooLarge)
    const events = this.#events
    this.#events = []
    return { events, error: this.#error }
  }

  #onData(data: string): void {
    if (this.#ended) return
    if (data === "[DONE]") return this.#onEvent(done)
    // The parser sees the size of what it still waits for, not of an event that came in one piece.
    if (data.length > maxEventSize) return this.#fail(tooLarge)
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
    if (isAnyEvent(json)) return this.#unusable(json.event)
    this.#undecodableEvent("no event name")
  }

  /** A known event whose data cannot be read. Most can be missed; an end, a failure and a call cannot. */
  #unusable(name: string): void {
    const detail = `${name} with unusable data`
    if (name === "execution_error") {
      return this.#end(new UpstreamFailed({ upstream: "runtime", code: "", message: "" }))
    }
    if (name === "execution_complete") return this.#fail(detail)
    if (/_call_(start|complete)$/.test(name)) {
      return this.#end(new UpstreamGarbled({ upstream: "runtime", detail, called: true }))
    }
    this.#undecodableEvent(detail)
  }

  #onEvent(event: RuntimeEvent): void {
    const mapped = RuntimeMapping.next(this.#state, event)
    if (mapped._tag === "Failed") return this.#end(mapped.error)
    this.#state = mapped.state
    this.#ended = event.event === "execution_complete"
    for (const out of mapped.events) this.#events.push(out)
  }

  #undecodableEvent(detail: string): void {
    this.#undecodable += 1
    if (this.#undecodable >= undecodableInARow)
      this.#fail(`${undecodableInARow} undecodable events in a row, the last: ${detail}`)
  }

  #fail(detail: string): void {
    this.#end(new UpstreamGarbled({ upstream: "runtime", detail }))
  }

  #end(error: ExecutionError): void {
    if (!this.#ended) this.#error = error
    this.#ended = true
  }
}
