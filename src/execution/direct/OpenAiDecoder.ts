/**
 * From the bytes of an OpenAI-compatible answer to what an executor says: one `TextDecoder`, one SSE parser, JSON, schema.
 * Plain code that never throws, whatever the bytes are, a chunk at a time.
 *
 * The end is said when the stream ends: the count of tokens comes after the reason for which the model stopped.
 */
import { makeParser } from "effect/encoding/Sse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import {
  ContentFiltered,
  type ExecutionError,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamTruncated,
} from "../ExecutionError.ts"
import type { Decoded, Decoder } from "../DecodedAnswer.ts"
import type { ExecutionEvent } from "../Executor.ts"
import * as DirectMapping from "./DirectMapping.ts"
import { Chunk } from "./OpenAiWire.ts"

/** As for an event of the runtime: no honest chunk comes near. */
const maxEventSize = DirectMapping.maxDelta + 64 * 1024

const decodeChunk = Schema.decodeUnknownOption(Chunk)

/** Whatever a parser throws is the sender's fault, not a bug. */
const parse = (data: string): Chunk | undefined => {
  try {
    // oxlint-disable-next-line no-restricted-properties -- this is the edge, and a schema would parse at twice the cost
    return Option.getOrUndefined(decodeChunk(JSON.parse(data)))
  } catch {
    return undefined
  }
}

/** One decoder an answer. `feed` takes its chunks in order, `end` is asked once, when there are no more. */
export class OpenAiDecoder implements Decoder {
  #events: Array<ExecutionEvent> = []
  #error: ExecutionError | undefined
  #stopped: string | undefined
  #input: number | undefined
  #output: number | undefined
  readonly #upstream: string
  readonly #text = new TextDecoder()
  readonly #sse = makeParser(
    (event) => {
      if (event._tag === "Event") this.#onData(event.data)
    },
    { maxEventSize },
  )

  constructor(upstream: string) {
    this.#upstream = upstream
  }

  feed(chunk: Uint8Array): Decoded {
    const refused = this.#sse.feed(this.#text.decode(chunk, { stream: true }))
    if (refused !== undefined) this.#garbled("an event is too large")
    const events = this.#events
    this.#events = []
    return { events, error: this.#error }
  }

  end(): Decoded {
    const upstream = this.#upstream
    if (this.#stopped === "content_filter") return { events: [], error: new ContentFiltered({ upstream }) }
    if (this.#stopped === undefined) return { events: [], error: new UpstreamTruncated({ upstream }) }
    return { events: [DirectMapping.finishedWith(this.#input, this.#output)], error: undefined }
  }

  #onData(data: string): void {
    if (this.#error !== undefined || data === "[DONE]") return
    const chunk = parse(data)
    if (chunk === undefined) return this.#garbled("no chunk of a chat completion")
    if (chunk.error !== undefined && chunk.error !== null) {
      // A provider's own words may hold keys or hosts, so they are not passed on.
      this.#error = new UpstreamFailed({ upstream: this.#upstream, code: "", message: "" })
      return
    }
    this.#input = chunk.usage?.prompt_tokens ?? this.#input
    this.#output = chunk.usage?.completion_tokens ?? this.#output
    const choice = chunk.choices?.[0]
    const { content, reasoning, reasoning_content } = choice?.delta ?? {}
    this.#say("thinking", reasoning_content ?? reasoning ?? "")
    this.#say("text", content ?? "")
    this.#stopped = choice?.finish_reason ?? this.#stopped
  }

  #say(type: "text" | "thinking", content: string): void {
    if (content === "" || this.#error !== undefined) return
    if (content.length > DirectMapping.maxDelta) return this.#garbled(DirectMapping.tooLong)
    this.#events.push(DirectMapping.said(type, content))
  }

  #garbled(detail: string): void {
    this.#error ??= new UpstreamGarbled({ upstream: this.#upstream, detail })
  }
}
