/**
 * Decodes the bytes of the runtime's answer to events: one streaming `TextDecoder` and one SSE parser (bytes may be
 * cut anywhere), JSON, schema. Plain code that never throws for any bytes.
 *
 * Comments, pings and unknown events produce nothing. Five undecodable events in a row, or one over 1 MiB, are a
 * failure. An unreadable event that may have been a call also commits the turn: nothing runs again.
 */
import { makeParser } from "effect/encoding/Sse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ExecutionError, UpstreamFailed, UpstreamGarbled } from "../ExecutionError.ts"
import type { Decoded, Decoder } from "../DecodedAnswer.ts"
import { isModelName } from "../ModelName.ts"
import { usageOf } from "../TokenCounts.ts"
import { RuntimeAnswer } from "./RuntimeAnswer.ts"
import type { ErrorPattern } from "../../domain/RuntimeErrorText.ts"
import * as RuntimeJson from "./RuntimeJson.ts"
import * as RuntimeMapping from "./RuntimeMapping.ts"
import { AnyEvent, eventNames, RuntimeEvent, textChunk } from "./RuntimeWire.ts"

/** Characters. Envoy and similar proxies treat a larger event as an attack, and valid events are far smaller. */
const maxEventSize = 1024 * 1024
const tooLarge = `an event is larger than ${maxEventSize} characters`
/** Fewer may be a fault of one tool. This many mean that the server uses another wire format. */
const undecodableInARow = 5

const upstream = "runtime"

/** A parser's exception is the sender's fault, not a bug. */
const decode = (
  data: string,
): Result.Result<{ readonly json: unknown; readonly event: RuntimeEvent | undefined }, unknown> =>
  Result.try(() => {
    const json = RuntimeJson.parse(data)
    return { json, event: textChunk(json) ?? Option.getOrUndefined(decodeEvent(json)) }
  })

type Completion = Extract<RuntimeEvent, { readonly event: "execution_complete" }>["data"]

/** `[DONE]` alone ends a turn successfully. */
const done: RuntimeEvent = { event: "execution_complete", data: {} }

const decodeEvent = Schema.decodeUnknownOption(RuntimeEvent)
const isAnyEvent = Schema.is(AnyEvent)

/** The name of every call's start and end contains this. */
const callMark = "_call_"
const mayBeCall = (data: string): boolean => data.includes(callMark)

/** One decoder per response. `feed` takes its chunks in order; `end` is called once after the last one. */
export class RuntimeDecoder implements Decoder {
  /** Events with unknown names, which are skipped. */
  unknown = 0

  #state: RuntimeMapping.State
  readonly #answer: RuntimeAnswer
  #error: ExecutionError | undefined
  /** The first end counts, success or failure. Later data is ignored. */
  #ended = false
  #undecodable = 0
  #dispatched = false
  /** The incomplete event, or one before it in its first chunk, may be a call. */
  #waitsForCall = false
  #tail = ""
  readonly #text = new TextDecoder()
  readonly #sse = makeParser(
    (event) => {
      // A `retry:` line is for clients that reconnect. The gateway never sends a turn twice.
      if (event._tag === "Event") this.#onData(event.data)
    },
    { maxEventSize },
  )

  constructor(runId: RuntimeMapping.State["runId"], errorPatterns: ReadonlyArray<ErrorPattern>) {
    this.#state = RuntimeMapping.initial(runId)
    this.#answer = new RuntimeAnswer(runId, errorPatterns)
  }

  feed(chunk: Uint8Array): Decoded {
    return this.#feedText(this.#text.decode(chunk, { stream: true }))
  }

  /** A clean end of the body also ends its last line and event. */
  end(): Decoded {
    const decoded = this.#feedText(`${this.#text.decode()}\n\n`)
    if (this.#ended) return decoded
    this.#answer.add(RuntimeMapping.pendingResult(this.#state))
    return { events: [...decoded.events, ...this.#answer.take()], error: undefined }
  }

  #feedText(text: string): Decoded {
    this.#dispatched = false
    const refused = this.#sse.feed(text)
    const mayBe = mayBeCall(text) || mayBeCall(this.#tail + text.slice(0, callMark.length))
    this.#waitsForCall = mayBe || (this.#waitsForCall && !this.#dispatched)
    // Concatenation copies such a short string; a slice would retain the whole chunk.
    this.#tail = text.slice(-callMark.length)
    if (refused !== undefined) this.#tooLarge(this.#waitsForCall)
    return { events: this.#answer.take(), error: this.#error }
  }

  #onData(data: string): void {
    this.#dispatched = true
    if (this.#ended) return
    if (data === "[DONE]") return this.#onEvent(done)
    // The parser limits the size of an incomplete event, not of an event that arrives in one piece.
    if (data.length > maxEventSize) return this.#tooLarge(mayBeCall(data))
    const decoded = decode(data)
    if (Result.isFailure(decoded)) return this.#unreadable("not JSON", data)
    const { event, json } = decoded.success
    if (event !== undefined) {
      this.#undecodable = 0
      return this.#onEvent(event)
    }
    if (!isAnyEvent(json)) return this.#unreadable("no event name", data)
    if (eventNames.has(json.event)) return this.#unusable(json.event)
    this.#undecodable = 0
    this.unknown += 1
    if (mayBeCall(json.event)) this.#unreadableCall()
  }

  /** A known event with unreadable data. Most can be skipped, but not an end, a failure or a call. */
  #unusable(name: string): void {
    const detail = `${name} with unusable data`
    if (name === "execution_error") return this.#end(new UpstreamFailed({ upstream, code: "", message: "" }))
    if (name === "execution_complete") return this.#fail(detail)
    if (mayBeCall(name)) return this.#end(new UpstreamGarbled({ upstream, detail, called: true }))
    this.#undecodableEvent(detail)
  }

  #onEvent(event: RuntimeEvent): void {
    const mapped = RuntimeMapping.next(this.#state, event)
    this.#state = mapped.state
    if (mapped.events.length > 0) this.#answer.add(mapped.events)
    if (mapped.error !== undefined) return this.#end(mapped.error)
    if (event.event === "execution_complete") this.#complete(event.data)
  }

  #complete({ final_response, model, usage }: Completion): void {
    // The runtime's own sentence may contain hosts or keys, so it is not passed on.
    if (!this.#answer.end(final_response ?? ""))
      return this.#end(new UpstreamFailed({ upstream, code: "", message: "", detail: "said as text" }))
    this.#answer.add([
      {
        _tag: "Finished",
        usage: Predicate.isReadonlyObject(usage) ? usageOf(usage) : undefined,
        ...(isModelName(model) ? { model } : {}),
      },
    ])
    this.#ended = true
  }

  #unreadable(detail: string, data: string): void {
    if (mayBeCall(data)) this.#unreadableCall()
    this.#undecodableEvent(detail)
  }

  #unreadableCall(): void {
    const mapped = RuntimeMapping.unreadableCall(this.#state)
    this.#state = mapped.state
    this.#answer.add(mapped.events)
  }

  #undecodableEvent(detail: string): void {
    this.#undecodable += 1
    if (this.#undecodable >= undecodableInARow)
      this.#fail(`${undecodableInARow} undecodable events in a row, the last: ${detail}`)
  }

  #tooLarge(called: boolean): void {
    this.#end(new UpstreamGarbled({ upstream, detail: tooLarge, ...(called ? { called } : {}) }))
  }

  #fail(detail: string): void {
    this.#end(new UpstreamGarbled({ upstream, detail }))
  }

  #end(error: ExecutionError): void {
    if (this.#ended) return
    this.#answer.add(RuntimeMapping.pendingResult(this.#state))
    this.#error = error
    this.#ended = true
  }
}
