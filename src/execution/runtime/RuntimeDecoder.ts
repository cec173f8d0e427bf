/**
 * From the bytes of the runtime's answer to its events: one streaming `TextDecoder` (characters may be cut anywhere),
 * one SSE parser (frames may be cut anywhere), JSON, schema. Plain code that never throws, whatever the bytes are.
 *
 * Comments, pings and unknown events give nothing. Five undecodable events in a row, or one over 1 MiB, are a failure.
 * An event that may have been a call binds the turn even when it cannot be read: nothing runs again.
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

/** Envoy and friends treat a single larger event as an attack; no honest event comes near. */
const maxEventSize = 1024 * 1024
const tooLarge = `an event is larger than ${maxEventSize} characters`
/** Fewer may be a hiccup of one tool; this many say that the other side does not speak this wire. */
const undecodableInARow = 5

const upstream = "runtime"

/** An exception of a parser is the sender's fault, not a bug. */
const decode = (
  data: string,
): Result.Result<{ readonly json: unknown; readonly event: RuntimeEvent | undefined }, unknown> =>
  Result.try(() => {
    const json = RuntimeJson.parse(data)
    return { json, event: textChunk(json) ?? Option.getOrUndefined(decodeEvent(json)) }
  })

type Completion = Extract<RuntimeEvent, { readonly event: "execution_complete" }>["data"]

/** `[DONE]` alone ends a turn well, as if nothing were left to say. */
const done: RuntimeEvent = { event: "execution_complete", data: {} }

const decodeEvent = Schema.decodeUnknownOption(RuntimeEvent)
const isAnyEvent = Schema.is(AnyEvent)

/** Every call's start and end has it in its name. */
const callMark = "_call_"
const mayBeCall = (data: string): boolean => data.includes(callMark)

/** One decoder a response. `feed` takes its chunks in order, `end` is asked once, when there are no more. */
export class RuntimeDecoder implements Decoder {
  /** Events of names that this gateway does not know; they are skipped. */
  unknown = 0

  #state: RuntimeMapping.State
  readonly #answer: RuntimeAnswer
  #error: ExecutionError | undefined
  /** The first end counts, be it well or a failure: whatever follows is not looked at. */
  #ended = false
  #undecodable = 0
  #dispatched = false
  /** The event that is not complete yet, or one before it in its first chunk, may be a call. */
  #waitsForCall = false
  #tail = ""
  readonly #text = new TextDecoder()
  readonly #sse = makeParser(
    (event) => {
      // A `retry:` line is for clients that reconnect; a turn is never sent twice.
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

  /** A body that ends cleanly ends its last line and event too. */
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
    // Short enough to be copied: a slice would keep the whole chunk.
    this.#tail = text.slice(-callMark.length)
    if (refused !== undefined) this.#tooLarge(this.#waitsForCall)
    return { events: this.#answer.take(), error: this.#error }
  }

  #onData(data: string): void {
    this.#dispatched = true
    if (this.#ended) return
    if (data === "[DONE]") return this.#onEvent(done)
    // The parser sees the size of what it still waits for, not of an event that came in one piece.
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

  /** A known event whose data cannot be read. Most can be missed; an end, a failure and a call cannot. */
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
    // The runtime's own sentence may hold hosts or keys, so it is not passed on.
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
