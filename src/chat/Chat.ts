/**
 * One chat turn, from the message to the run that answers it: READ FIRST.
 *
 *   admit   the session is the caller's, it has no other turn, the agent is there and active, and its limits leave room
 *   decide  which modes, in which order (`ModeService`)
 *   keep    the user's message and the run, in one transaction: from here on nothing acknowledged is lost
 *   run     the turn's program on a fiber of the server's (`TurnRun`), and in shadow where the decision says so
 *
 * The result is the run and its log; the response is a cursor on that log, like every later reader.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { AdmissionRejected } from "../admission/Rejection.ts"
import { ModeService, type NoModeAvailable } from "../decision/ModeService.ts"
import { needsTools } from "../domain/Agent.ts"
import { AgentId, MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import type { Run } from "../domain/Run.ts"
import type { Session } from "../domain/Session.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import { type AgentNotFound, Agents } from "../store/Agents.ts"
import type { QuotaExceeded } from "../store/Quotas.ts"
import { Runs } from "../store/Runs.ts"
import { type SessionNotFound, Sessions } from "../store/Sessions.ts"
import type { StoreError } from "../store/StoreError.ts"
import { StoreHealth } from "../store/StoreHealth.ts"
import type { TurnKeyTaken } from "../store/TurnKeys.ts"
import { LiveBytes, type MemoryShort } from "../runs/LiveBytes.ts"
import { LiveRuns, SessionBusy } from "../runs/LiveRuns.ts"
import { RunLog } from "../runs/RunLog.ts"
import { type ShuttingDown, Shutdown } from "../runs/Shutdown.ts"
import { Shadow } from "../shadow/Shadow.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Spans from "../telemetry/Spans.ts"
import type { Caller } from "./Caller.ts"
import { type Asked, newTurn, promptTokens } from "./NewTurn.ts"
import * as Retry from "./Retry.ts"
import { TurnRun } from "./TurnRun.ts"
import * as TurnSpan from "./TurnSpan.ts"

export class AgentInactive extends Schema.TaggedError<AgentInactive>()("AgentInactive", {
  agentId: AgentId,
}) {}

/** A `retry` where no turn has failed, or of another message than the one that failed. */
export class NothingToRetry extends Schema.TaggedError<NothingToRetry>()("NothingToRetry", {
  reason: Schema.Literals(["answered", "other_message"]),
}) {}

export class ParentNotFound extends Schema.TaggedError<ParentNotFound>()("ParentNotFound", {
  parentMessageId: MessageId,
}) {}

export interface Accepted {
  readonly run: Run
  readonly log: RunLog
}

/** Why a turn was not begun; nothing of it was kept. */
export type TurnRefused = NothingToRetry | ParentNotFound | Refused | SessionNotFound

type Refused =
  | AdmissionRejected
  | AgentDenied
  | AgentInactive
  | AgentNotFound
  | MemoryShort
  | NoModeAvailable
  | QuotaExceeded
  | SessionBusy
  | ShuttingDown
  | StoreError
  | TurnKeyTaken

/** A message, or a retry of the one that has no answer. */
export interface Sent {
  readonly message?: string
  /** The message before it, null for none; by default the session's last one. A retry may name the message itself. */
  readonly parentMessageId?: MessageId | null
  readonly retry?: boolean
}

export interface Settings {
  /** The most estimated tokens of messages that are sent, unless the agent says otherwise. */
  readonly historyMaxTokens: number
}

export class Chat extends Context.Service<
  Chat,
  {
    /** Begins a session with its first message. */
    readonly start: (
      caller: Caller,
      input: { readonly agentId: AgentId; readonly message: string },
    ) => Effect.Effect<Accepted, Refused>
    /** Goes on with a session of the caller's. Without `retry` there is a message. */
    readonly send: (caller: Caller, sessionId: SessionId, input: Sent) => Effect.Effect<Accepted, TurnRefused>
  }
>()("crossfade/chat/Chat") {
  static readonly layer = (settings: Settings) => Layer.effect(Chat, make(settings))
}

const titleLength = 80

/** Never ends in half a character. */
const titleOf = (message: string): string => message.slice(0, titleLength).replace(/[\uD800-\uDBFF]$/, "")

const make = Effect.fnUntraced(function* ({ historyMaxTokens }: Settings) {
  const agents = yield* Agents
  const bytes = yield* LiveBytes
  const ids = yield* SecureRandom.SecureRandom
  const live = yield* LiveRuns
  const modeService = yield* ModeService
  const recent = yield* RecentTurns
  const runs = yield* Runs
  const sessions = yield* Sessions
  const shadow = yield* Shadow
  const stopping = yield* Shutdown
  const { whileUp } = yield* StoreHealth
  const turnRun = yield* TurnRun

  const short = Effect.tapError(bytes.open, () => Measure.refused("memory"))
  const open = Effect.andThen(stopping.open, short)

  const activeAgent = (principal: Principal, id: AgentId) =>
    mayUseAgent(principal, id)
      ? Effect.filterOrFail(
          whileUp(agents.get(principal.orgId, id)),
          ({ settings }) => settings.active,
          () => new AgentInactive({ agentId: id }),
        )
      : Effect.fail(new AgentDenied({ agentId: id }))

  const decide = ({ agent, caller, message, session }: Asked, span: Spans.SpanContext | undefined) =>
    modeService
      .decide({
        orgId: caller.principal.orgId,
        sessionId: session.id,
        agentId: agent.id,
        needsTools: needsTools(agent),
        messageLength: message.length,
        headers: caller.headers,
        language: caller.language,
        cohort: session.cohort,
      })
      .pipe(
        Effect.tap(({ decision }) => Measure.decided(decision)),
        Spans.within("decide", span, ({ decision }) => TurnSpan.decided(decision)),
      )

  const begin = Effect.fnUntraced(function* (asked: Asked, span: Spans.SpanContext | undefined) {
    const { permit, principal } = asked.caller
    const { orgId } = principal
    const { decision, ticket } = yield* decide(asked, span)
    const createdAt = yield* Clock.currentTimeMillis
    const runId = RunId.make(yield* ids.uuidV7())
    const messageId = asked.retried?.id ?? MessageId.make(yield* ids.uuidV7())
    const { kept, run, turn } = newTurn(asked, { runId, messageId, createdAt, decision, span })
    yield* whileUp(runs.begin(kept)).pipe(
      Spans.within("persist", span, () => ({ "crossfade.run.id": runId })),
      Effect.onError(() => modeService.release(orgId, ticket)),
    )
    const [mode] = decision.order
    recent.decisions.add({ at: createdAt, runId, orgId, mode, reason: decision.reason })
    const share = bytes.enter()
    const log = new RunLog(runId, share)
    const program = turnRun.program({ run, turn, ticket, log, permit, share })
    yield* live.start(run.sessionId, log, permit.during(program))
    if (decision.shadow !== undefined) yield* shadow.start({ run, turn, log }, decision.shadow)
    return { run, log }
  })

  /** A session whose run goes on elsewhere is busy, not full: what that run holds is free before the next turn begins. */
  const busyOrFull = Effect.fnUntraced(function* (asked: Asked, full: AdmissionRejected) {
    const sessionId = asked.session.id
    if (asked.isNewSession || !full.reason.endsWith("_runs")) return yield* full
    const running = yield* whileUp(runs.runningOf(sessionId))
    return yield* running === undefined ? full : new SessionBusy({ sessionId })
  })

  const enter = (asked: Asked) =>
    Effect.catchTag(
      asked.caller.permit.begin(() => promptTokens(asked)),
      "AdmissionRejected",
      (full) => busyOrFull(asked, full),
    )

  /** Not to be interrupted: a turn that was decided and kept is also run, also when its caller has left meanwhile. */
  const takeTurn = (asked: Asked) =>
    Effect.andThen(
      enter(asked),
      Effect.flatMap(TurnSpan.open(asked.caller.arrival, asked.caller, asked.session.id), (span) =>
        // From here on the span is the run's, which ends it.
        Effect.onError(begin(asked, span), (cause) => Spans.close(span, { error: Spans.codeOf(cause) })),
      ),
    ).pipe(Effect.uninterruptible)

  const start = Effect.fnUntraced(function* (
    caller: Caller,
    { agentId, message }: { readonly agentId: AgentId; readonly message: string },
  ) {
    yield* open
    const agent = yield* activeAgent(caller.principal, agentId)
    const now = yield* Clock.currentTimeMillis
    const { orgId, userId } = caller.principal
    const id = SessionId.make(yield* ids.uuidV7())
    const session = {
      id,
      orgId,
      userId,
      agentId,
      title: titleOf(message),
      cohort: null,
      createdAt: now,
      updatedAt: now,
    }
    const place = { isNewSession: true, parentMessageId: null, before: [], historyMaxTokens }
    return yield* live.claim(id, takeTurn({ caller, agent, session, message, ...place }))
  })

  const branchTo = Effect.fnUntraced(function* (session: Session, end: MessageId | null | undefined) {
    if (end === null) return []
    const branch = yield* whileUp(sessions.branch(session.id, end))
    if (end !== undefined && branch.length === 0) return yield* new ParentNotFound({ parentMessageId: end })
    return branch
  })

  /** The turn that failed is nearly always the session's last one. */
  const retriedIn = Effect.fnUntraced(function* (session: Session, named: MessageId | null | undefined) {
    const last = Retry.retriedOf(yield* branchTo(session, undefined))
    if (last !== undefined && Retry.isOf(last, named)) return last
    const other = named === undefined ? undefined : Retry.retriedOf(yield* branchTo(session, named))
    return other ?? (yield* new NothingToRetry({ reason: "answered" }))
  })

  /** The message, and where it stands in its session. */
  const placeOf = Effect.fnUntraced(function* (session: Session, sent: Sent) {
    if (sent.retry === true) {
      const { before, question } = yield* retriedIn(session, sent.parentMessageId)
      const { content, parentMessageId } = question
      if (sent.message !== undefined && sent.message !== content)
        return yield* new NothingToRetry({ reason: "other_message" })
      return { message: content, parentMessageId, before, retried: question }
    }
    const before = yield* branchTo(session, sent.parentMessageId)
    const end = before.at(-1)?.id
    const follows = sent.parentMessageId === undefined ? end : undefined
    return { message: sent.message ?? "", parentMessageId: end ?? null, before, follows }
  })

  const next = Effect.fnUntraced(function* (caller: Caller, session: Session, sent: Sent) {
    const agent = yield* activeAgent(caller.principal, session.agentId)
    const place = yield* placeOf(session, sent)
    return yield* takeTurn({ caller, agent, session, isNewSession: false, historyMaxTokens, ...place })
  })

  const send = Effect.fnUntraced(function* (caller: Caller, sessionId: SessionId, sent: Sent) {
    yield* open
    const session = yield* whileUp(sessions.get(caller.principal, sessionId))
    return yield* live.claim(sessionId, next(caller, session, sent))
  })

  return Chat.of({ start, send })
})
