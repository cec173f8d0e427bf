/**
 * The chat routes with a streamed response: admit the request, start the turn or find its run, and stream the run's
 * log. A POST with the id of an event it has seen resumes its run; one with a known `Idempotency-Key` gets the run of
 * that key.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { Admission } from "../admission/Admission.ts"
import { AdmissionRejected } from "../admission/Rejection.ts"
import type { Taken } from "../admission/TokenBucket.ts"
import type { BudgetState } from "../admission/TokenBudget.ts"
import type { TurnPermit } from "../admission/TurnPermit.ts"
import { AccessEnds, CurrentPrincipal } from "../api/Authorization.ts"
import type { Caller } from "../chat/Caller.ts"
import type { Accepted, TurnRefused } from "../chat/Chat.ts"
import { type Begun, Idempotency, type OnceRefused } from "../chat/Idempotency.ts"
import { RunReader } from "../chat/RunReader.ts"
import { RunId, type SessionId } from "../domain/Ids.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import type { ProtocolDefaults } from "../domain/ProtocolDefaults.ts"
import { turnKey, type TurnRoute } from "../domain/TurnKey.ts"
import type { OutputProtocol } from "../protocol/Encoder.ts"
import { type ProtocolName, streamProtocol } from "../protocol/Protocols.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as RunPages from "../store/RunPages.ts"
import { RunNotFound, Runs } from "../store/Runs.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Pace } from "../runs/Pace.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import * as Measure from "../telemetry/Measure.ts"
import { type Cursor, cursorOf, type CursorRequest } from "./Cursor.ts"
import { answering, invalid, respond } from "./ErrorMapping.ts"
import * as EventStream from "./EventStream.ts"
import * as FirstWrite from "./FirstWrite.ts"
import * as Readers from "./Readers.ts"
import { Arrived, RequestId } from "./RequestId.ts"
import { ruleInputs } from "./RuleInputs.ts"

interface StreamRequest extends CursorRequest {
  readonly headers: CursorRequest["headers"] & { readonly "x-agent2ui-protocol"?: string }
  readonly query: CursorRequest["query"] & { readonly protocol?: ProtocolName | "" }
}

export interface PostRequest extends StreamRequest {
  readonly headers: StreamRequest["headers"] & { readonly "idempotency-key"?: string }
}

/** Makes the response of a run. */
export type RespondTo = (
  reading: EventStream.Reading,
) => Effect.Effect<HttpServerResponse.HttpServerResponse, StoreError, HttpServerRequest.HttpServerRequest>

/** A POST that starts a turn. Requests with equal `asked` are the same request; `begin` starts the turn. */
interface Post {
  readonly route: TurnRoute
  readonly path: string
  /** The protocol of the route. Without it the request and the caller choose one, and the client may resume by POST. */
  readonly protocol?: OutputProtocol
  /** May wait for the run. By default the response is the run's stream, at once. */
  readonly respond?: RespondTo
  /**
   * A client that closes its connection cancels the run, because its protocol has no way to read on. A request with an
   * idempotency key may come back, so its run continues for the grace time.
   */
  readonly cancelsOnLeave?: boolean
  readonly sessionId?: SessionId
  readonly asked: ReadonlyArray<string | null>
  readonly begin: (caller: Caller) => Effect.Effect<Accepted, TurnRefused>
  /** True if the turn may wait for its session. */
  readonly mayWait: boolean
  /** Handles a turn whose session has a running turn. */
  readonly onBusy: (
    caller: Caller,
    turn: Effect.Effect<Begun, OnceRefused>,
  ) => Effect.Effect<Begun, OnceRefused>
}

/** The form of the response, and the session that the run must have. */
interface Expected extends Pick<Post, "protocol" | "respond"> {
  readonly sessionId?: SessionId | undefined
  /** The user of the run, for a caller that may read users' runs. */
  readonly owner?: Principal | undefined
}

const mayNotRead = respond({ code: "AUTH_PERMISSION_DENIED", message: "The token lacks: chat:read." })

/** Seconds until the bucket is full, rounded up. */
const rateHeaders = ({ limit, remaining, resetMs }: Taken) => ({
  "x-ratelimit-limit": String(limit),
  "x-ratelimit-remaining": String(remaining),
  "x-ratelimit-reset": String(Math.ceil(resetMs / 1000)),
})

/** The budget with fewer tokens left; seconds until the next UTC day, rounded up. */
const budgetHeaders = ({ limit, remaining, resetMs }: BudgetState) => ({
  "x-ratelimit-limit-tokens": String(limit),
  "x-ratelimit-remaining-tokens": String(remaining),
  "x-ratelimit-reset-tokens": String(Math.ceil(resetMs / 1000)),
})

/** Counts only final rejections, because a turn that waits for its session may ask for its place several times. */
const counted = <A, E, R>(admitted: Effect.Effect<A, E | AdmissionRejected, R>) =>
  Effect.tapError(admitted, (error) =>
    error instanceof AdmissionRejected ? Measure.refused(error.reason) : Effect.void,
  )

/**
 * Adds the milliseconds that the gateway itself spent before the response starts. It has not waited for an upstream
 * by then.
 */
const withOverhead = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.withFiber((fiber) => {
    const spent = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - fiber.getRef(Arrived).monotonicAt
    const ms = (Number(spent) / 1e6).toFixed(1)
    return Effect.succeed(HttpServerResponse.setHeader(response, "x-gateway-overhead-ms", ms))
  })

/** Read `budget` after the turn has started, which sets it. */
const limitHeaders =
  (rate: Taken | undefined, budget: () => BudgetState | undefined) =>
  (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
    const told = budget()
    return HttpServerResponse.setHeaders(response, {
      ...(rate === undefined ? {} : rateHeaders(rate)),
      ...(told === undefined ? {} : budgetHeaders(told)),
    })
  }

/** The server span of a turn. The response had status 200 before the outcome of the turn was known. */
const spanOf = (route: string) => ({
  name: `POST ${route}`,
  attributes: { "http.request.method": "POST", "http.route": route },
  endAttributes: { "http.response.status_code": 200 },
})

interface StreamSettings {
  readonly heartbeatMs: number
  readonly protocols: ProtocolDefaults
}

const make = Effect.fnUntraced(function* ({ heartbeatMs, protocols }: StreamSettings) {
  const admission = yield* Admission
  const live = yield* LiveRuns
  const once = yield* Idempotency
  const reader = yield* RunReader
  const runs = yield* Runs
  const scope = yield* Effect.scope
  const readers = yield* Readers.make(heartbeatMs, (yield* Shutdown).closing, (yield* Pace).wait)

  const protocolOf = Effect.fnUntraced(function* ({ headers, query }: StreamRequest) {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { orgId } = yield* CurrentPrincipal
    const caller = {
      parameter: query.protocol,
      header: headers["x-agent2ui-protocol"],
      orgId,
      origin: request.headers["origin"],
    }
    return streamProtocol(caller, protocols)
  })

  const protocolFor = (request: StreamRequest, bound: OutputProtocol | undefined) =>
    bound === undefined ? protocolOf(request) : Effect.succeed(bound)

  const caller = Effect.fnUntraced(function* (route: string, permit: TurnPermit) {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const who: Caller = {
      principal: yield* CurrentPrincipal,
      requestId: yield* RequestId,
      arrival: { ...spanOf(route), ...(yield* Arrived) },
      ...ruleInputs(headers),
      permit,
    }
    return who
  })

  const cancel = (id: RunId) => Effect.forkIn(live.cancel(id), scope)

  const begun = (
    request: StreamRequest,
    { protocol: bound, respond }: Post,
    { log, run }: Accepted,
    cancels: boolean,
  ) =>
    Effect.flatMap(Effect.zip(protocolFor(request, bound), AccessEnds), ([protocol, until]) => {
      const source = {
        _tag: "Live",
        log,
        pages: RunPages.ofLog(runs, log),
        attach: live.attach(log),
      } as const
      const leave = cancels ? { onLeave: cancel(run.id) } : {}
      const reading = { run, source, after: 0, protocol, readers, until, ...leave }
      if (respond !== undefined) return respond(reading)
      return Effect.zipWith(
        HttpServerRequest.HttpServerRequest,
        EventStream.respond(reading),
        (http, response) => {
          FirstWrite.withFirstEvents(http, log)
          return response
        },
      )
    })

  const found = Effect.fnUntraced(function* (
    request: StreamRequest,
    runId: RunId,
    after: number,
    { owner, protocol: bound, respond, sessionId }: Expected,
  ) {
    const protocol = yield* protocolFor(request, bound)
    const { run, source } = yield* reader.events(owner ?? (yield* CurrentPrincipal), runId, after)
    if (sessionId !== undefined && run.sessionId !== sessionId) return yield* new RunNotFound({ runId })
    const reading = { run, source, after, protocol, readers, until: yield* AccessEnds }
    return yield* respond === undefined ? EventStream.respond(reading) : respond(reading)
  })

  const letIn = counted(Effect.flatMap(CurrentPrincipal, admission.stream))

  const resume = Effect.fnUntraced(function* (
    request: StreamRequest,
    cursor: Cursor,
    sessionId: SessionId | undefined,
  ) {
    // To resume is to read, so it requires the permission to read.
    if (missingPermissions(yield* CurrentPrincipal, ["chat:read"]).length > 0) return yield* mayNotRead
    yield* letIn
    return yield* found(request, RunId.make(cursor.runId), cursor.seq, { sessionId })
  })

  const turn = Effect.fnUntraced(function* (request: PostRequest, what: Post, permit: TurnPermit) {
    const { asked, begin, cancelsOnLeave = false, onBusy, path, route } = what
    const who = yield* caller(path, permit)
    const given = request.headers["idempotency-key"]
    const key = given === undefined ? undefined : turnKey(who.principal, route, given, asked)
    // A turn that waits for its session holds a stream and no run place.
    const attempt = Effect.tapError(once.begin(key, begin({ ...who, key })), ({ _tag }) =>
      _tag === "SessionBusy" ? permit.end() : Effect.void,
    )
    const outcome = yield* onBusy(who, attempt)
    if (outcome._tag === "Began")
      return yield* begun(request, what, outcome, cancelsOnLeave && key === undefined)
    yield* permit.end()
    // `chat:read` is not required, because this is the response to the same request, which the first try would have
    // received as well.
    const again = yield* found(request, outcome.runId, 0, { ...what, sessionId: undefined })
    return HttpServerResponse.setHeader(again, "idempotent-replayed", "true")
  })

  const post = Effect.fnUntraced(function* (request: PostRequest, what: Post) {
    const cursor = what.protocol === undefined ? cursorOf(request) : undefined
    // A client that has seen events of a run wants the rest of it, whatever the body says.
    if (cursor !== undefined)
      return "problem" in cursor
        ? yield* respond(invalid([cursor.problem]))
        : yield* answering(resume(request, cursor, what.sessionId))
    const mayBeginLater = what.mayWait || request.headers["idempotency-key"] !== undefined
    const admitted = Effect.flatMap(CurrentPrincipal, (principal) => admission.turn(principal, mayBeginLater))
    return yield* Effect.matchEffect(admitted, {
      onFailure: (rejection) =>
        Effect.map(
          answering(counted(Effect.fail(rejection))),
          limitHeaders(rejection.rate, () => undefined),
        ),
      onSuccess: ({ permit, rate }) =>
        Effect.map(
          answering(counted(turn(request, what, permit))),
          limitHeaders(rate, () => permit.budget),
        ),
    })
  })

  const events = (request: StreamRequest, runId: RunId, owner?: Principal) =>
    Effect.suspend(() => {
      const cursor = cursorOf(request, runId)
      if (cursor !== undefined && "problem" in cursor) return respond(invalid([cursor.problem]))
      return answering(Effect.andThen(letIn, found(request, runId, cursor?.seq ?? 0, { owner })))
    })

  return {
    /** A response that may wait for the run does not show the gateway's own time. */
    post: (request: PostRequest, what: Post) =>
      what.respond === undefined ? Effect.flatMap(post(request, what), withOverhead) : post(request, what),
    events: (request: StreamRequest, runId: RunId, owner?: Principal) =>
      Effect.flatMap(events(request, runId, owner), withOverhead),
    /** The whole run in a protocol whose clients do not resume after an event. */
    replay: (runId: RunId, protocol: OutputProtocol) =>
      Effect.flatMap(
        Effect.andThen(letIn, found({ headers: {}, query: {} }, runId, 0, { protocol })),
        withOverhead,
      ),
  }
})

/**
 * One for all groups of routes, because the readers of all runs share their timers.
 *
 * @effect-expect-leaking CurrentPrincipal | HttpServerRequest
 */
export class ChatStreams extends Context.Service<ChatStreams, Effect.Success<ReturnType<typeof make>>>()(
  "crossfade/http/ChatStreams",
) {
  static readonly layer = (settings: StreamSettings) => Layer.effect(ChatStreams, make(settings))
}
