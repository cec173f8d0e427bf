/**
 * The chat routes that answer with a stream: let in, begun or found again, and then a run's log as SSE. A POST that names
 * the event it has seen comes back for its run; one whose `Idempotency-Key` is known gets the run of that key.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Admission } from "../admission/Admission.ts"
import { AdmissionRejected } from "../admission/Rejection.ts"
import type { Taken } from "../admission/TokenBucket.ts"
import type { BudgetState } from "../admission/TokenBudget.ts"
import type { TurnPermit } from "../admission/TurnPermit.ts"
import { Api } from "../api/Api.ts"
import { AccessEnds, CurrentPrincipal } from "../api/Authorization.ts"
import type { Caller } from "../chat/Caller.ts"
import type { Accepted, TurnRefused } from "../chat/Chat.ts"
import { type Begun, Idempotency, type OnceRefused } from "../chat/Idempotency.ts"
import { RunReader } from "../chat/RunReader.ts"
import { RunId, type SessionId } from "../domain/Ids.ts"
import { missingPermissions } from "../domain/Principal.ts"
import type { ProtocolDefaults } from "../domain/ProtocolDefaults.ts"
import { turnKey } from "../domain/TurnKey.ts"
import { type ProtocolName, streamProtocol } from "../protocol/Protocols.ts"
import * as RunPages from "../store/RunPages.ts"
import { RunNotFound, Runs } from "../store/Runs.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Pace } from "../runs/Pace.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import * as Measure from "../telemetry/Measure.ts"
import { type Cursor, cursorOf, type CursorRequest } from "./Cursor.ts"
import { answering, invalid, respond } from "./ErrorMapping.ts"
import * as EventStream from "./EventStream.ts"
import * as Readers from "./Readers.ts"
import { Arrived, RequestId } from "./RequestId.ts"
import { ruleInputs } from "./RuleInputs.ts"

interface StreamRequest extends CursorRequest {
  readonly headers: CursorRequest["headers"] & { readonly "x-agent2ui-protocol"?: string }
  readonly query: CursorRequest["query"] & { readonly protocol?: ProtocolName | "" }
}

interface PostRequest extends StreamRequest {
  readonly headers: StreamRequest["headers"] & { readonly "idempotency-key"?: string }
}

/** A POST to one of the two routes. Requests with equal `asked` are the same request; `begin` begins the turn. */
interface Post {
  readonly route: "start" | "send"
  readonly sessionId?: SessionId
  readonly asked: ReadonlyArray<string | null>
  readonly begin: (caller: Caller) => Effect.Effect<Accepted, TurnRefused>
  /** It may wait for its session before it begins. */
  readonly mayWait: boolean
  /** Handles a turn that comes while the session's last message is being answered. */
  readonly onBusy: (
    caller: Caller,
    turn: Effect.Effect<Begun, OnceRefused>,
  ) => Effect.Effect<Begun, OnceRefused>
}

const routes = { start: Api.groups.chat.endpoints.start.path, send: Api.groups.chat.endpoints.send.path }

const mayNotRead = respond({ code: "AUTH_PERMISSION_DENIED", message: "The token lacks: chat:read." })

/** Seconds until the whole limit is there again, rounded up. */
const rateHeaders = ({ limit, remaining, resetMs }: Taken) => ({
  "x-ratelimit-limit": String(limit),
  "x-ratelimit-remaining": String(remaining),
  "x-ratelimit-reset": String(Math.ceil(resetMs / 1000)),
})

/** The budget with the smaller rest; seconds until the next UTC day, rounded up. */
const budgetHeaders = ({ limit, remaining, resetMs }: BudgetState) => ({
  "x-ratelimit-limit-tokens": String(limit),
  "x-ratelimit-remaining-tokens": String(remaining),
  "x-ratelimit-reset-tokens": String(Math.ceil(resetMs / 1000)),
})

/** Where a refusal is final: a turn that waits for its session may ask for its place several times. */
const counted = <A, E, R>(admitted: Effect.Effect<A, E | AdmissionRejected, R>) =>
  Effect.tapError(admitted, (error) =>
    error instanceof AdmissionRejected ? Measure.refused(error.reason) : Effect.void,
  )

/**
 * Adds the milliseconds that the gateway itself spent before its answer is committed. It has not waited for an upstream yet.
 */
const withOverhead = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.withFiber((fiber) => {
    const spent = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - fiber.getRef(Arrived).monotonicAt
    const ms = (Number(spent) / 1e6).toFixed(1)
    return Effect.succeed(HttpServerResponse.setHeader(response, "x-gateway-overhead-ms", ms))
  })

/** `budget` is read after the turn began, which fills it. */
const limitHeaders =
  (rate: Taken | undefined, budget: () => BudgetState | undefined) =>
  (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
    const told = budget()
    return HttpServerResponse.setHeaders(response, {
      ...(rate === undefined ? {} : rateHeaders(rate)),
      ...(told === undefined ? {} : budgetHeaders(told)),
    })
  }

/** The server span of a turn. Its response had status 200 before the turn's outcome was known. */
const spanOf = (route: string) => ({
  name: `POST ${route}`,
  attributes: { "http.request.method": "POST", "http.route": route },
  endAttributes: { "http.response.status_code": 200 },
})

export interface StreamSettings {
  readonly heartbeatMs: number
  readonly protocols: ProtocolDefaults
}

export const make = Effect.fnUntraced(function* ({ heartbeatMs, protocols }: StreamSettings) {
  const admission = yield* Admission
  const live = yield* LiveRuns
  const once = yield* Idempotency
  const reader = yield* RunReader
  const runs = yield* Runs
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

  const begun = (request: StreamRequest, { log, run }: Accepted) =>
    Effect.flatMap(Effect.zip(protocolOf(request), AccessEnds), ([protocol, until]) =>
      EventStream.respond({
        run,
        source: { _tag: "Live", log, pages: RunPages.ofLog(runs, log), attach: live.attach(log) },
        after: 0,
        protocol,
        readers,
        until,
      }),
    )

  const found = Effect.fnUntraced(function* (
    request: StreamRequest,
    runId: RunId,
    after: number,
    sessionId?: SessionId,
  ) {
    const protocol = yield* protocolOf(request)
    const { run, source } = yield* reader.events(yield* CurrentPrincipal, runId, after)
    if (sessionId !== undefined && run.sessionId !== sessionId) return yield* new RunNotFound({ runId })
    return yield* EventStream.respond({ run, source, after, protocol, readers, until: yield* AccessEnds })
  })

  const letIn = counted(Effect.flatMap(CurrentPrincipal, admission.stream))

  const resume = Effect.fnUntraced(function* (
    request: StreamRequest,
    cursor: Cursor,
    sessionId: SessionId | undefined,
  ) {
    // It reads, so it needs what reading needs.
    if (missingPermissions(yield* CurrentPrincipal, ["chat:read"]).length > 0) return yield* mayNotRead
    yield* letIn
    return yield* found(request, RunId.make(cursor.runId), cursor.seq, sessionId)
  })

  const turn = Effect.fnUntraced(function* (
    request: PostRequest,
    { asked, begin, onBusy, route }: Post,
    permit: TurnPermit,
  ) {
    const who = yield* caller(routes[route], permit)
    const given = request.headers["idempotency-key"]
    const key = given === undefined ? undefined : turnKey(who.principal, route, given, asked)
    // A turn that waits for its session holds a stream, and nothing of a run.
    const attempt = Effect.tapError(once.begin(key, begin({ ...who, key })), ({ _tag }) =>
      _tag === "SessionBusy" ? permit.end() : Effect.void,
    )
    const outcome = yield* onBusy(who, attempt)
    if (outcome._tag === "Began") return yield* begun(request, outcome)
    yield* permit.end()
    // Not asked for `chat:read`: it is the answer to this very request, which the first try would have got as well.
    const again = yield* found(request, outcome.runId, 0)
    return HttpServerResponse.setHeader(again, "idempotent-replayed", "true")
  })

  const post = Effect.fnUntraced(function* (request: PostRequest, what: Post) {
    const cursor = cursorOf(request)
    // A client that has seen events of a run wants the rest of it, whatever else it sends.
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

  const events = (request: StreamRequest, runId: RunId) =>
    Effect.suspend(() => {
      const cursor = cursorOf(request, runId)
      if (cursor !== undefined && "problem" in cursor) return respond(invalid([cursor.problem]))
      return answering(Effect.andThen(letIn, found(request, runId, cursor?.seq ?? 0)))
    })

  return {
    post: (request: PostRequest, what: Post) => Effect.flatMap(post(request, what), withOverhead),
    events: (request: StreamRequest, runId: RunId) => Effect.flatMap(events(request, runId), withOverhead),
  }
})
