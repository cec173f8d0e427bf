/**
 * Requests to upstreams: a POST of JSON for a turn, a GET for a file or a health check. Bytes are read as they
 * arrive, over undici's dispatcher, without a Node stream, an abort signal or a promise between the socket and the
 * turn: those cost more than all work on the bytes ([decision 28](../../docs/decisions/0028-hot-path.md)).
 * Connections are reused.
 *
 * Redirects are never followed, and nothing is unpacked: requests ask for plain answers. undici refuses headers of
 * more than 16 KiB. The caller limits the time of each phase.
 *
 * Invariant: an exchange ends with its scope. If its answer was read to the end, or nearly, its connection is reused;
 * otherwise it is aborted, so that the upstream notices.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type { Dispatcher } from "undici"
import * as UpstreamProxy from "./UpstreamProxy.ts"

/** The upstream did not answer, or its answer broke off. `cause` is Node's or undici's error. */
export class TransportFailed extends Data.TaggedError("TransportFailed")<{ readonly cause: unknown }> {}

interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface GetRequest extends Target {
  /** `GET` if absent. */
  readonly method?: "DELETE"
}

interface Request extends Target {
  /** The value that is sent as JSON. */
  readonly body: unknown
}

export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** All bytes since the last pull. Waits if there are none. */
  readonly pull: Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, TransportFailed>
  /** The turn needs no more of the answer. A short rest is still read, so that the connection can be reused. */
  readonly drain: () => void
}

export class UpstreamHttp extends Context.Service<
  UpstreamHttp,
  {
    readonly post: (request: Request) => Effect.Effect<Answer, TransportFailed, Scope.Scope>
    readonly get: (request: GetRequest) => Effect.Effect<Answer, TransportFailed, Scope.Scope>
  }
>()("crossfade/execution/UpstreamHttp") {
  static readonly layerDispatched: Layer.Layer<UpstreamHttp, never, NodeHttpClient.Dispatcher> = Layer.effect(
    UpstreamHttp,
    Effect.map(NodeHttpClient.Dispatcher, (dispatcher) =>
      UpstreamHttp.of({
        post: (request) => openExchange(dispatcher, () => postOptions(request)),
        get: (request) => openExchange(dispatcher, () => getOptions(request)),
      }),
    ),
  )

  /** Without a proxy. */
  static readonly layer: Layer.Layer<UpstreamHttp> = Layer.provide(
    UpstreamHttp.layerDispatched,
    UpstreamProxy.layer(UpstreamProxy.direct),
  )
}

/** The limit of bytes that wait for a slow turn. Above it the upstream is not read. */
const mostWaitingBytes = 64 * 1024
/** A line or two may follow the end of an answer. The exchange reads no more than these bytes and waits no longer. */
const mostDrainBytes = 16 * 1024
const drainWithinMs = 1000

const releasedEarly = new Error("the turn has ended")
/** Servers send one or two before an answer (RFC 9110, section 15.2). */
const mostInformational = 10
const tooManyInformational = new Error("too many informational answers")

/** One request and its answer. undici calls it, and a turn pulls from it. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined
  #chunks: Array<Uint8Array> = []
  #bytes = 0
  #informational = 0
  #end: Exit.Exit<never, TransportFailed | Cause.Done> | undefined
  #drains = false
  #released = false
  #wake: (() => void) | undefined
  #started: ((answer: Exit.Exit<Answer, TransportFailed>) => void) | undefined

  constructor(started: (answer: Exit.Exit<Answer, TransportFailed>) => void) {
    this.#started = started
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#released) controller.abort(releasedEarly)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | Array<string> | undefined>>,
  ): void {
    if (status < 200) {
      this.#informational += 1
      if (this.#informational > mostInformational) controller.abort(tooManyInformational)
      return
    }
    const header = (name: string) => {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    }
    const drain = () => {
      this.#drains = true
    }
    this.#start(Exit.succeed({ status, header, pull: this.#pull, drain }))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#released) {
      if (this.#bytes > mostDrainBytes) controller.abort(releasedEarly)
      return
    }
    this.#chunks.push(chunk)
    if (this.#bytes >= mostWaitingBytes) controller.pause()
    this.#wakeSoon()
  }

  onResponseEnd(): void {
    this.#finish(Exit.failCause(Cause.fail(Cause.Done())))
  }

  onResponseError(_: unknown, cause: unknown): void {
    const failed = new TransportFailed({ cause })
    this.#start(Exit.fail(failed))
    this.#finish(Exit.fail(failed))
  }

  release(): void {
    if (this.#end !== undefined || this.#released) return
    this.#released = true
    this.#chunks = []
    this.#bytes = 0
    if (!this.#drains) return this.#controller?.abort(releasedEarly)
    this.#controller?.resume()
    setTimeout(() => {
      if (this.#end === undefined) this.#controller?.abort(releasedEarly)
    }, drainWithinMs).unref()
  }

  /** The first one counts. */
  #start(answer: Exit.Exit<Answer, TransportFailed>): void {
    const started = this.#started
    this.#started = undefined
    started?.(answer)
  }

  #finish(end: Exit.Exit<never, TransportFailed | Cause.Done>): void {
    this.#end ??= end
    this.#wakeSoon()
  }

  /** Wakes after all of one socket read, because undici delivers it in pieces. */
  #wakeSoon(): void {
    const wake = this.#wake
    this.#wake = undefined
    if (wake !== undefined) queueMicrotask(wake)
  }

  #take(): Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, TransportFailed> | undefined {
    const [first, ...rest] = this.#chunks
    if (first === undefined) return this.#end
    this.#chunks = []
    this.#bytes = 0
    if (this.#controller?.paused === true) this.#controller.resume()
    return Effect.succeed([first, ...rest])
  }

  readonly #pull: Answer["pull"] = Effect.suspend(
    () =>
      this.#take() ??
      Effect.callback((resume) => {
        // Not an arrow assigned to a property: V8 makes such a function old at once (decision 28).
        const wake = () => resume(this.#take() ?? this.#pull)
        this.#wake = wake
        return Effect.sync(() => {
          this.#wake = undefined
        })
      }),
  )
}

const commonOptions = (url: string) => {
  const { origin, pathname, search } = new URL(url)
  // Only the attempt's own clocks apply.
  return { origin, path: `${pathname}${search}`, headersTimeout: 0, bodyTimeout: 0 }
}

// Without it an upstream may answer in any encoding (RFC 9110, section 12.5.3).
const identity = { "accept-encoding": "identity" }

const postOptions = ({ body, headers, url }: Request): Dispatcher.DispatchOptions => ({
  ...commonOptions(url),
  method: "POST",
  headers: { "content-type": "application/json", accept: "text/event-stream", ...identity, ...headers },
  body: JSON.stringify(body),
})

const getOptions = ({ headers, method, url }: GetRequest): Dispatcher.DispatchOptions => ({
  ...commonOptions(url),
  method: method ?? "GET",
  headers: { accept: "*/*", ...identity, ...headers },
})

const openExchange = (dispatcher: Dispatcher, options: () => Dispatcher.DispatchOptions) =>
  Effect.flatMap(Effect.scope, (scope) => {
    let exchange: Exchange | undefined
    const release = Effect.sync(() => exchange?.release())
    const dispatched = Effect.callback<Answer, TransportFailed>((resume) => {
      exchange = new Exchange(resume)
      try {
        dispatcher.dispatch(options(), exchange)
      } catch (cause) {
        resume(Effect.fail(new TransportFailed({ cause })))
      }
    })
    return Effect.andThen(Scope.addFinalizer(scope, release), dispatched)
  })
