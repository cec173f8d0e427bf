/**
 * Reads one run from the request that starts or finds it to its last event. A connection that breaks is opened again after the
 * last event. Each event comes once, in order.
 */
import type { EventSourceMessage } from "eventsource-parser"
import type { ChatEvent, Path } from "./Contract.ts"
import { Connection } from "./Connection.ts"
import { connectionLost, CrossfadeError } from "./CrossfadeError.ts"
import { type OnRetry, Patience } from "./Patience.ts"
import { endsConnectionOnly } from "./Retry.ts"
import { eventsOf } from "./Sse.ts"
import { type Call, fill, type Transport } from "./Transport.ts"

export interface StreamOptions {
  /** Stops reading, and cancels the run unless `detach` is set. The stream then throws the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /** An abort leaves the run alone, so that another reader may continue it. */
  readonly detach?: boolean | undefined
  /** Runs before each further try. */
  readonly onRetry?: OnRetry | undefined
}

interface Head {
  readonly runId: string
  readonly sessionId: string
}

const eventsPath: Path<"events"> = "/api/v1/chat/runs/:runId/events"
const cancelPath: Path<"cancel"> = "/api/v1/chat/runs/:runId/cancel"

/** The frames must be those of the events: clients of protocol 1 get others, and a default of the gateway may be 1. */
const protocol = "?protocol=2"

export const eventsCall = (runId: string, after: number): Call => ({
  method: "GET",
  path: fill(eventsPath, runId) + protocol,
  accept: "text/event-stream",
  headers: after === 0 ? {} : { "last-event-id": `${runId}:${after}` },
})

export const turnCall = (path: string, body: unknown, idempotencyKey: string): Call => ({
  method: "POST",
  path: path + protocol,
  accept: "text/event-stream",
  body,
  headers: { "idempotency-key": idempotencyKey },
})

export const cancelRun = (transport: Transport, runId: string, signal?: AbortSignal): Promise<unknown> =>
  transport.json({ method: "POST", path: fill(cancelPath, runId) }, signal)

/** Undefined for an event that this version does not know. The gateway's own schemas validate the data. */
const decode = ({ data, event, id }: EventSourceMessage, head: Head): ChatEvent | undefined => {
  if (event !== "message" && event !== "done" && event !== "error") return undefined
  const seq = Number(id?.slice(id.lastIndexOf(":") + 1))
  return { ...head, seq, event, data: JSON.parse(data) }
}

export class RunStream {
  readonly #transport: Transport
  readonly #options: StreamOptions
  readonly #patience: Patience
  #call: Call
  #seq: number
  #head: Head | undefined
  #ended = false
  #answer: ReturnType<Transport["open"]> | undefined
  #cancelling: Promise<void> | undefined

  constructor(transport: Transport, call: Call, options: StreamOptions, after = 0) {
    this.#transport = transport
    this.#call = call
    this.#options = options
    this.#seq = after
    this.#patience = new Patience(transport.resumeForMs, options.signal, options.onRetry)
  }

  async *read(): AsyncGenerator<ChatEvent, void, undefined> {
    const { detach, signal } = this.#options
    signal?.throwIfAborted()
    const cancel = () => void (this.#cancelling = this.#cancel())
    if (detach !== true) signal?.addEventListener("abort", cancel, { once: true })
    try {
      while (!this.#ended) {
        try {
          yield* this.#read()
        } catch (error) {
          await this.#patience.wait(error, this.#head?.runId)
        }
        if (this.#head !== undefined) this.#call = eventsCall(this.#head.runId, this.#seq)
      }
    } finally {
      signal?.removeEventListener("abort", cancel)
    }
  }

  /** The events of one connection. Ends normally only at the end of the run. */
  async *#read(): AsyncGenerator<ChatEvent, void, undefined> {
    const connection = new Connection(this.#transport.silenceMs, this.#options.signal)
    this.#answer = this.#transport.open(this.#call, connection.signal)
    try {
      const { response, token } = await connection.watch(this.#answer)
      yield* this.#opened(response)
      for await (const frame of eventsOf(bodyOf(response), connection.watch)) {
        this.#options.signal?.throwIfAborted()
        const event = this.#decoded(frame)
        if (event?.event === "error" && isConnectionEnd(event, this.#seq))
          throw await this.#cut(event.data, token)
        if (event === undefined || event.seq <= this.#seq) continue
        this.#seq = event.seq
        this.#ended = event.event !== "message"
        yield event
        if (this.#ended) return
      }
      if (!this.#ended) throw connectionLost("The stream ended before the run.")
    } finally {
      // A cancel may still wait for the response, which names the run.
      if (this.#cancelling === undefined) connection.close()
      else void this.#cancelling.finally(() => connection.close())
    }
  }

  /** A run that has no more events answers 204. */
  *#opened(response: Response): Generator<ChatEvent, void, undefined> {
    this.#ended = response.status === 204
    if (this.#head !== undefined) return
    const runId = response.headers.get("x-run-id")
    if (runId === null)
      throw new CrossfadeError("UNEXPECTED_RESPONSE", "The response names no run.", {
        status: response.status,
      })
    this.#head = { runId, sessionId: response.headers.get("x-session-id") ?? "" }
    const executionMode = response.headers.get("x-execution-mode") ?? ""
    yield { ...this.#head, seq: this.#seq, event: "open", data: { executionMode } }
  }

  /** Heartbeats too show that the gateway is there. */
  #decoded(frame: EventSourceMessage): ChatEvent | undefined {
    if (this.#head === undefined) return undefined
    try {
      const event = decode(frame, this.#head)
      if (event?.event !== "error") this.#patience.reset()
      return event
    } catch (cause) {
      throw connectionLost("The stream has an unreadable event.", cause)
    }
  }

  async #cut({ code, message }: { readonly code: string; readonly message: string }, token: string) {
    if (code === "AUTH_TOKEN_EXPIRED") await this.#transport.credentials.refuse(token)
    return new CrossfadeError(code, message)
  }

  /** Finds the run also when its request is still under way. */
  async #cancel(): Promise<void> {
    try {
      if (this.#ended) return
      const runId = this.#head?.runId ?? (await this.#answer)?.response.headers.get("x-run-id")
      if (typeof runId === "string") await cancelRun(this.#transport, runId)
    } catch {
      // The gateway cancels a run without a reader after its grace period.
    }
  }
}

/** The last frame of a connection repeats the reader's cursor; the end of a run has a number of its own. */
const isConnectionEnd = ({ data, seq }: ChatEvent & { readonly event: "error" }, last: number): boolean =>
  seq <= last && endsConnectionOnly(data.code)

const bodyOf = (response: Response): ReadableStream<Uint8Array> => {
  const type = response.headers.get("content-type") ?? ""
  if (response.status === 204) return new ReadableStream({ start: (controller) => controller.close() })
  if (response.body === null || !type.startsWith("text/event-stream"))
    throw new CrossfadeError("UNEXPECTED_RESPONSE", `The response is not a stream of events: ${type}`, {
      status: response.status,
    })
  return response.body
}
