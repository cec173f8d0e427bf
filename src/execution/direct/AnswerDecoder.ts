/**
 * Decodes the bytes of an answer to events: server-sent events of JSON, or one JSON text if the server did not stream. All
 * providers use it, and the runtime's Responses wire. Plain code that never throws for any bytes. It works per chunk.
 */
import { makeParser } from "effect/encoding/Sse"
import type { Decoded, Decoder } from "../DecodedAnswer.ts"
import type { ExecutionError } from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { type DirectAnswer, maxDelta } from "./DirectAnswer.ts"
import { isBlank, isRecord, type JsonRecord, listOf, parseJson } from "./JsonRead.ts"

/** The part of an answer that was read. The first end counts, success or failure. */
export interface ReadAnswer {
  readonly error: ExecutionError | undefined
  /** As in `Decoder`. */
  readonly finishes: number
  readonly texts: number
  readonly hasText: boolean
  readonly isEnded: boolean
  /** The events since the previous `take`. */
  readonly take: () => ReadonlyArray<ExecutionEvent>
  /** Fails the answer. `data` is the unreadable event, if there is one. */
  readonly garbled: (detail: string, data?: string) => void
  /** The wire's `[DONE]`, if it is an end of its own. */
  readonly done: () => void
  /** The wire reports that nothing follows, or the body ended. */
  readonly complete: () => void
}

/** Reads one wire's JSON. `name` is the `event:` of a stream. Both functions accept any record. */
export interface Reader<A extends ReadAnswer = DirectAnswer> {
  readonly event: (answer: A, json: JsonRecord, name: string) => void
  /** A whole answer in one JSON record. */
  readonly whole: (answer: A, json: JsonRecord) => void
  /** `[DONE]` ends an answer even if no finish reason arrived. Only for wires that have `[DONE]`. */
  readonly doneIsEnd?: true
  /** Instead of the limit and the parser of the providers' wires. */
  readonly maxEventSize?: number
  readonly parse?: typeof parseJson
}

/** Characters. As for the runtime, valid events are far smaller. */
const usualEventSize = maxDelta + 64 * 1024

/** Some servers keep a connection open with words instead of comments. */
const keepAlive = /^\W*(ping|pong|keep-?alive|heartbeat|processing)\W*$/i

const doneMark = /^"?\[DONE\]"?$/i

/** A body in many pieces that each end like JSON would otherwise cost the square of its size. */
const mostEarlyParses = 20

type Form = "unknown" | "events" | "json"

/** One decoder per answer. */
export class AnswerDecoder<A extends ReadAnswer = DirectAnswer> implements Decoder {
  readonly #answer: A
  readonly #reader: Reader<A>
  readonly #parse: typeof parseJson
  readonly #maxEventSize: number
  readonly #text = new TextDecoder()
  readonly #sse: ReturnType<typeof makeParser>
  #form: Form = "unknown"
  /** Blanks before the form is known; then the JSON text so far. */
  #held = ""
  /** The last event with text arrived with a finish reason, or after one. */
  #mayGoOn = false
  /** The JSON text so far is valid: the answer is whole unless more arrives. */
  #isJson = false
  #earlyParses = 0
  /** The body has ended, so a partial event is no error. */
  #isLast = false

  constructor(answer: A, reader: Reader<A>) {
    this.#answer = answer
    this.#reader = reader
    this.#parse = reader.parse ?? parseJson
    this.#maxEventSize = reader.maxEventSize ?? usualEventSize
    this.#sse = makeParser(
      (event) => {
        if (event._tag === "Event") this.#onData(event.data, event.event)
      },
      { maxEventSize: this.#maxEventSize },
    )
  }

  get finishes(): number {
    return this.#answer.finishes + (this.#isJson ? 1 : 0)
  }

  get mayGoOn(): boolean {
    return this.#mayGoOn || !(this.#answer.hasText || this.#isJson)
  }

  feed(chunk: Uint8Array): Decoded {
    if (!this.#answer.isEnded) this.#onText(this.#text.decode(chunk, { stream: true }))
    return this.#decoded()
  }

  /** The last event counts without its blank line if it is whole. */
  end(): Decoded {
    this.#isLast = true
    if (this.#form === "events") this.#sse.feed(`${this.#text.decode()}\n\n`)
    if (this.#form === "json") this.#onWhole()
    this.#answer.complete()
    return this.#decoded()
  }

  #decoded(): Decoded {
    return { events: this.#answer.take(), error: this.#answer.error }
  }

  #onText(text: string): void {
    if (this.#form === "unknown") return this.#onBegin(this.#held + text)
    if (this.#form === "json") {
      this.#held += text
      if (this.#held.length > this.#maxEventSize)
        return this.#answer.garbled("an answer in one piece is too large")
      const end = text.trimEnd().at(-1)
      if (end !== undefined) this.#isJson = (end === "}" || end === "]") && this.#isParsed()
      return
    }
    if (this.#sse.feed(text) !== undefined) this.#answer.garbled("an event is too large")
  }

  #isParsed(): boolean {
    this.#earlyParses += 1
    return this.#earlyParses <= mostEarlyParses && this.#parse(this.#held) !== undefined
  }

  /** The first character shows the form: no event begins with a bracket. */
  #onBegin(text: string): void {
    const first = text.trimStart().charAt(0)
    this.#held = ""
    if (first === "") {
      this.#held = text.slice(0, this.#maxEventSize)
      return
    }
    if (first === "<") return this.#answer.garbled("markup instead of an answer")
    this.#form = first === "{" || first === "[" ? "json" : "events"
    this.#onText(text)
  }

  #onData(data: string, name: string): void {
    const text = data.trim()
    if (this.#answer.isEnded || text === "" || text === "{}") return
    if (doneMark.test(text)) return this.#reader.doneIsEnd ? this.#answer.done() : this.#answer.complete()
    // The parser limits the size of an incomplete event, not of an event that arrives in one piece.
    if (data.length > this.#maxEventSize) return this.#answer.garbled("an event is too large", data)
    const parsed = this.#parse(text)
    const records = parsed === undefined || isRecord(parsed.json) ? [parsed?.json] : listOf(parsed.json)
    if (records.length > 0 && records.every(isRecord)) {
      const { texts } = this.#answer
      for (const record of records) this.#reader.event(this.#answer, record, name)
      if (this.#answer.texts > texts) this.#mayGoOn = this.#answer.finishes > 0
      return
    }
    // Some servers end each event with a single line end, and the parser joins these events.
    if (parsed === undefined && text.includes("\n")) {
      for (const line of text.split("\n")) this.#onData(line, name)
      return
    }
    if (this.#isLast || keepAlive.test(text) || (parsed !== undefined && isBlank(parsed.json))) return
    // The event may have contained text, and an answer with a gap is no success.
    this.#answer.garbled(parsed === undefined ? "an event is not JSON" : "an event is no JSON record", data)
  }

  #onWhole(): void {
    const parsed = this.#parse(this.#held)
    if (parsed === undefined) return
    for (const json of isRecord(parsed.json) ? [parsed.json] : listOf(parsed.json)) {
      if (isRecord(json)) this.#reader.whole(this.#answer, json)
    }
    if (this.#answer.finishes === 0 && !this.#answer.hasText) this.#answer.garbled("JSON without an answer")
  }
}
