/**
 * An agent runtime without an agent: it speaks the runtime wire on 127.0.0.1 and plays `Script.ts` for every message.
 * It sends the bytes of the real one: CRLF, no `event:` line, cuts anywhere, pings, `[DONE]`.
 *
 * Invariant: an execution lives exactly as long as its connection; a client that leaves or cancels ends it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Random, randomHex } from "./Bytes.ts"
import { eventStream, type Pacing, type Timed, writeAll, type WriterOptions } from "./SandboxEvents.ts"
import * as Faults from "./Faults.ts"
import {
  type Exchange,
  pathOf,
  readBody,
  respond,
  respondJson,
  type SandboxPortUnavailable,
  serve as serveLoopback,
} from "./Loopback.ts"
import { type BodyInvalid, decodeCancel, decodeExecute, type ExecuteBody } from "./RuntimeBody.ts"
import { type Beat, script, type ScriptFile } from "./Script.ts"

export interface ServerOptions extends Pacing {
  /** 0: any free port. */
  readonly port: number
  readonly random: Random
}

/** Files of the latest runs stay available. */
const keptFiles = 50

interface State extends ServerOptions {
  readonly faults: Faults.Faults
  /** Oldest first. */
  readonly files: Map<string, ScriptFile>
  /** Cancels each execution, by session: one session may have several. */
  readonly running: Map<string, Set<Deferred.Deferred<void>>>
}

/** Starts the runtime; returns its address. */
export const serve = Effect.fnUntraced(function* (
  options: ServerOptions,
): Effect.fn.Return<string, SandboxPortUnavailable, Scope.Scope> {
  const state: State = { ...options, faults: yield* Faults.make, files: new Map(), running: new Map() }
  return yield* serveLoopback({
    port: options.port,
    variable: "SANDBOX_RUNTIME_PORT",
    handle: Faults.breakable(state.faults, (exchange) => route(state, exchange)),
  })
})

const routes: Readonly<Record<string, (state: State, exchange: Exchange) => Effect.Effect<void>>> = {
  "GET /health": (state, exchange) => health(state, exchange),
  "POST /api/v1/execute/stream": (state, exchange) => refusing(exchange, execute(state, exchange)),
  "POST /api/v1/execute/cancel": (state, exchange) => refusing(exchange, cancel(state, exchange)),
}

const route = (state: State, exchange: Exchange): Effect.Effect<void> => {
  const path = pathOf(exchange)
  const found = routes[`${exchange.request.method} ${path}`]
  if (found) return found(state, exchange)
  const file = exchange.request.method === "GET" ? state.files.get(path.split("/")[2] ?? "") : undefined
  if (file && path === `/files/${file.id}/${file.filename}`) return sendFile(exchange, file)
  const known = Object.keys(routes).some((each) => each.endsWith(` ${path}`))
  return respondJson(exchange, known ? 405 : 404, { detail: known ? "Method Not Allowed" : "Not Found" })
}

const health = (state: State, exchange: Exchange) =>
  respondJson(exchange, 200, {
    status: "healthy",
    service: "crossfade sandbox runtime",
    active_executions: [...state.running.values()].reduce((sum, each) => sum + each.size, 0),
  })

const sendFile = (exchange: Exchange, file: ScriptFile) =>
  respond(
    exchange,
    200,
    {
      "Content-Type": `${file.mimeType}; charset=utf-8`,
      "Content-Disposition": `attachment; filename="${file.filename}"`,
      "X-Content-Type-Options": "nosniff",
    },
    file.content,
  )

const refusing = <E extends { readonly _tag: "BodyUnreadable"; readonly message: string } | BodyInvalid>(
  exchange: Exchange,
  handled: Effect.Effect<void, E>,
): Effect.Effect<void> =>
  Effect.catch(handled, (error) =>
    error._tag === "BodyInvalid"
      ? respondJson(exchange, 422, { detail: error.detail })
      : respondJson(exchange, 400, { detail: error.message }),
  )

const cancel = Effect.fnUntraced(function* (state: State, exchange: Exchange) {
  const { session_id } = yield* decodeCancel(yield* readBody(exchange))
  const executions = state.running.get(session_id) ?? []
  let cancelled = false
  for (const execution of executions) cancelled = (yield* Deferred.succeed(execution, undefined)) || cancelled
  yield* respondJson(exchange, 200, { cancelled, session_id })
})

const execute = Effect.fnUntraced(function* (state: State, exchange: Exchange) {
  const body = yield* decodeExecute(yield* readBody(exchange))
  const stopped = yield* Deferred.make<void>()
  yield* Effect.acquireUseRelease(
    Effect.sync(() => enter(state, body.session_id, stopped)),
    () => perform(state, exchange, body, Deferred.await(stopped)),
    () => Effect.sync(() => leave(state, body.session_id, stopped)),
  )
})

const enter = (state: State, session: string, execution: Deferred.Deferred<void>) => {
  state.running.set(session, (state.running.get(session) ?? new Set()).add(execution))
}

const leave = (state: State, session: string, execution: Deferred.Deferred<void>) => {
  const executions = state.running.get(session)
  executions?.delete(execution)
  if (executions?.size === 0) state.running.delete(session)
}

const cancelledBeat: Beat = {
  afterMs: 0,
  event: "execution_error",
  data: { error: "The execution was cancelled", code: "EXECUTION_CANCELLED", httpStatus: 499 },
}

const failedBeat: Beat = {
  afterMs: 60,
  event: "execution_error",
  data: { error: "The sandbox was told to fail (error-rate)", code: "INTERNAL_ERROR", httpStatus: 500 },
}

/** The real runtime reports the failure of its own model as an answer. */
const errorText = "I encountered an error: The sandbox was told to fail (error-text). Please try again."
const saidError: ReadonlyArray<Beat> = [
  { afterMs: 60, event: "text_chunk", data: { content: errorText } },
  { afterMs: 0, event: "execution_complete", data: { final_response: errorText } },
]

const timed = ({ afterMs, event, data }: Beat): Timed => ({
  afterMs,
  data: (timestamp) => JSON.stringify({ event, data, timestamp }),
})

/** Like the real runtime: with a history, `user_message` is ignored. */
const asked = ({ history_messages, user_message }: ExecuteBody) => {
  const history = history_messages ?? []
  return { message: history.at(-1)?.content ?? user_message, earlier: Math.max(0, history.length - 1) }
}

const perform = (state: State, exchange: Exchange, body: ExecuteBody, stopped: Effect.Effect<void>) =>
  Effect.flatMap(state.faults.current, ({ fault, rate }) => {
    const writer: WriterOptions = { ...state, exchange, lineEnd: "\r\n" }
    const turn = {
      ...asked(body),
      fileId: randomHex(state.random),
      dryRun: body.metadata?.["dry_run"] === true,
    }
    const { beats, file } = script(turn, state.random)
    keep(state.files, file)
    const fails = fault === "error-rate" && state.random() < rate
    const played = fails
      ? [...beats.slice(0, 1), failedBeat]
      : fault === "error-text"
        ? [...beats.slice(0, 1), ...saidError]
        : beats
    return eventStream(
      writer,
      Effect.raceFirst(
        writeAll(writer, played.map(timed)),
        Effect.andThen(stopped, writeAll(writer, [timed(cancelledBeat)])),
      ),
    )
  })

const keep = (files: Map<string, ScriptFile>, file: ScriptFile) => {
  files.set(file.id, file)
  const oldest = files.keys().next()
  if (files.size > keptFiles && !oldest.done) files.delete(oldest.value)
}
