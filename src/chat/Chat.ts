/**
 * One chat turn, from the message to the run that answers it. READ FIRST.
 *
 *   admit   the session belongs to the caller and has no other turn, the agent exists and is active, the limits leave room
 *   decide  the modes to try, in order (`ModeService`)
 *   store   the user's message and the run, in one transaction; after it, no acknowledged message is lost
 *   run     the turn's program on a fiber of the service (`TurnRun`), plus a shadow if the decision asks for one. It starts
 *           when the turn is stored; in direct mode before, and then shows nothing until the turn is stored
 *
 * Gives the run and its log. Every reader, including the caller, is a cursor on that log.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { AdmissionRejected } from "../admission/Rejection.ts"
import { type AttachmentsUnsupported, ModeService, type NoModeAvailable } from "../decision/ModeService.ts"
import { needsTools, withInstructions } from "../domain/Agent.ts"
import { AgentId, MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import type { Run } from "../domain/Run.ts"
import type { Session } from "../domain/Session.ts"
import { titleOfMessage } from "../domain/SessionTitle.ts"
import type { IntakeError } from "../files/FileIntake.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import { type AgentNotFound, Agents } from "../store/Agents.ts"
import type { AttachmentsInvalid } from "../files/MessageFiles.ts"
import type { AttachmentGone } from "../store/Files.ts"
import { type MessageNotFound, Messages } from "../store/Messages.ts"
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
import * as EarlyStart from "./EarlyStart.ts"
import { type Asked, newTurn, promptTokens } from "./NewTurn.ts"
import type { HistoryInvalid } from "./ClientHistory.ts"
import * as Interrupts from "./Interrupts.ts"
import * as TurnPlace from "./TurnPlace.ts"
import type { Edited, Regenerated, Sent, Start } from "./TurnRequest.ts"
import { TurnRun } from "./TurnRun.ts"
import * as TurnSpan from "./TurnSpan.ts"

export class AgentInactive extends Schema.TaggedError<AgentInactive>()("AgentInactive", {
  agentId: AgentId,
}) {}

export interface Accepted {
  readonly run: Run
  readonly log: RunLog
}

/** The reasons why a turn did not begin. Nothing of it was stored. */
export type TurnRefused =
  | AttachmentsInvalid
  | HistoryInvalid
  | IntakeError
  | Interrupts.InterruptNotFound
  | MessageNotFound
  | TurnPlace.NothingToRetry
  | TurnPlace.NotUsersMessage
  | TurnPlace.ParentNotFound
  | Refused
  | SessionNotFound

type Refused =
  | AdmissionRejected
  | AgentDenied
  | AgentInactive
  | AgentNotFound
  | AttachmentGone
  | AttachmentsUnsupported
  | MemoryShort
  | NoModeAvailable
  | QuotaExceeded
  | SessionBusy
  | ShuttingDown
  | StoreError
  | TurnKeyTaken

export interface Settings {
  /** The most estimated tokens of history to send, unless the agent has its own limit. */
  readonly historyMaxTokens: number
}

export class Chat extends Context.Service<
  Chat,
  {
    /** Starts a session with its first message. */
    readonly start: (caller: Caller, input: Start) => Effect.Effect<Accepted, Refused>
    /** Continues a session of the caller. Without `retry`, `message` is required. */
    readonly send: (caller: Caller, sessionId: SessionId, input: Sent) => Effect.Effect<Accepted, TurnRefused>
    /** Makes another answer to the question of a message of the caller. A question that failed is retried. */
    readonly regenerate: (
      caller: Caller,
      messageId: MessageId,
      input: Regenerated,
    ) => Effect.Effect<Accepted, TurnRefused>
    /** Sends a message in the place of one of the caller, on a new branch. */
    readonly edit: (
      caller: Caller,
      messageId: MessageId,
      input: Edited,
    ) => Effect.Effect<Accepted, TurnRefused>
  }
>()("crossfade/chat/Chat") {
  static readonly layer = (settings: Settings) => Layer.effect(Chat, make(settings))
}

const make = Effect.fnUntraced(function* ({ historyMaxTokens }: Settings) {
  const agents = yield* Agents
  const bytes = yield* LiveBytes
  const ids = yield* SecureRandom.SecureRandom
  const live = yield* LiveRuns
  const messages = yield* Messages
  const modeService = yield* ModeService
  const places = yield* TurnPlace.make
  const recent = yield* RecentTurns
  const runs = yield* Runs
  const sessions = yield* Sessions
  const shadow = yield* Shadow
  const shutdown = yield* Shutdown
  const { whileUp } = yield* StoreHealth
  const turnRun = yield* TurnRun

  const enoughMemory = Effect.tapError(bytes.open, () => Measure.refused("memory"))
  const open = Effect.andThen(shutdown.open, enoughMemory)

  const activeAgent = (principal: Principal, id: AgentId) =>
    mayUseAgent(principal, id)
      ? Effect.filterOrFail(
          whileUp(agents.get(principal.orgId, id)),
          ({ settings }) => settings.active,
          () => new AgentInactive({ agentId: id }),
        )
      : Effect.fail(new AgentDenied({ agentId: id }))

  const decide = (
    { agent, attachments, before, caller, message, requested, session }: Asked,
    span: Spans.SpanContext | undefined,
  ) =>
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
        awaitsAnswer: Interrupts.pendingIn(before).length > 0,
        requested,
        attachments: attachments.map(({ kind }) => kind),
        runtime: agent.settings.runtime,
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
    const messageId = (asked.retried ?? asked.again)?.id ?? MessageId.make(yield* ids.uuidV7())
    const { run, stored, turn } = newTurn(asked, { runId, messageId, createdAt, decision, span })
    const store = whileUp(runs.begin(stored)).pipe(
      Spans.within("persist", span, () => ({ "crossfade.run.id": runId })),
      Effect.onError(() => modeService.release(orgId, ticket)),
    )
    const share = bytes.enter()
    const log = new RunLog(runId, share)
    const { endAttributes } = asked.caller.arrival
    const accepted = { run, turn, ticket, log, permit, share, endAttributes }
    const start = (begun?: Deferred.Deferred<boolean>) =>
      live.start(run.sessionId, log, permit.during(turnRun.program({ ...accepted, begun })))
    // The caller counts as a reader until then, because the grace time of a run without readers may be shorter.
    const storeRead = Effect.scoped(Effect.andThen(live.attach(log), store))
    yield* EarlyStart.isAllowed(decision, { isNewSession: asked.isNewSession, key: asked.caller.key })
      ? EarlyStart.startAndStore(start, storeRead, live.cancel(runId))
      : Effect.andThen(store, start())
    const [mode] = decision.order
    yield* recent.addDecision({ at: createdAt, runId, orgId, mode, reason: decision.reason })
    if (decision.shadow !== undefined) yield* shadow.start({ run, turn, log }, decision.shadow)
    return { run, log }
  })

  /** A session with a run on another replica is busy, not full: the run frees its place before the next turn begins. */
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

  /** Uninterruptible: a turn that was decided and stored must also run, even if its caller has left. */
  const takeTurn = (asked: Asked) =>
    Effect.andThen(
      enter(asked),
      Effect.flatMap(TurnSpan.open(asked.caller.arrival, asked.caller, asked.session.id), (span) =>
        // After this point the run owns the span and closes it.
        Effect.onError(begin(asked, span), (cause) => Spans.close(span, { error: Spans.codeOf(cause) })),
      ),
    ).pipe(Effect.uninterruptible)

  const start = Effect.fnUntraced(function* (caller: Caller, input: Start) {
    yield* open
    const { agentId, attachments = [], clientId, history, message } = input
    const agent = withInstructions(yield* activeAgent(caller.principal, agentId), input.instructions)
    const now = yield* Clock.currentTimeMillis
    const { orgId, userId } = caller.principal
    const id = SessionId.make(yield* ids.uuidV7())
    const session = {
      id,
      orgId,
      userId,
      agentId,
      title: titleOfMessage(message, attachments),
      cohort: null,
      createdAt: now,
      updatedAt: now,
    }
    const place = {
      isNewSession: true,
      parentMessageId: null,
      before: [],
      history,
      clientId,
      historyMaxTokens,
    }
    return yield* live.claim(id, takeTurn({ caller, agent, session, message, attachments, ...place }))
  })

  const next = Effect.fnUntraced(function* <E>(
    caller: Caller,
    session: Session,
    placed: Effect.Effect<TurnPlace.Place, E>,
  ) {
    const agent = yield* activeAgent(caller.principal, session.agentId)
    const place = yield* placed
    return yield* takeTurn({ caller, agent, session, isNewSession: false, historyMaxTokens, ...place })
  })

  const send: Chat["Service"]["send"] = Effect.fnUntraced(function* (caller, sessionId, sent) {
    yield* open
    const session = yield* whileUp(sessions.get(caller.principal, sessionId))
    return yield* live.claim(sessionId, next(caller, session, places.sent(session, sent)))
  })

  const regenerate: Chat["Service"]["regenerate"] = Effect.fnUntraced(function* (caller, messageId, asked) {
    yield* open
    const found = yield* whileUp(messages.find(caller.principal, messageId))
    const { session } = found
    return yield* live.claim(session.id, next(caller, session, places.regenerated(found, asked)))
  })

  const edit: Chat["Service"]["edit"] = Effect.fnUntraced(function* (caller, messageId, asked) {
    yield* open
    const found = yield* whileUp(messages.find(caller.principal, messageId))
    const { session } = found
    return yield* live.claim(session.id, next(caller, session, places.edited(found, asked)))
  })

  return Chat.of({ start, send, regenerate, edit })
})
