/**
 * A turn of a client that names the session by its own id and sends the whole conversation: finds the session and the place of
 * the message in it, then starts the turn.
 */
import * as Effect from "effect/Effect"
import { defaultAgentId } from "../domain/Agent.ts"
import type { AgentId } from "../domain/Ids.ts"
import type { Interrupt, InterruptAnswer } from "../domain/Interrupt.ts"
import type { Principal } from "../domain/Principal.ts"
import type { Session } from "../domain/Session.ts"
import type { ReferredFile } from "../protocol/FileReference.ts"
import { LiveRuns, type SessionBusy } from "../runs/LiveRuns.ts"
import { Quotas } from "../store/Quotas.ts"
import { Runs } from "../store/Runs.ts"
import { Sessions } from "../store/Sessions.ts"
import type { Caller } from "./Caller.ts"
import { Chat } from "./Chat.ts"
import { type ClientTurn, HistoryInvalid, type Place, placeOf } from "./ClientHistory.ts"
import type { Begun, OnceRefused } from "./Idempotency.ts"
import * as Interrupts from "./Interrupts.ts"
import * as ReferredFiles from "./ReferredFiles.ts"
import { RunReader } from "./RunReader.ts"
import { SessionQueue } from "./SessionQueue.ts"

/** A message of the client, with its path in the body for errors. */
interface PlacedTurn extends ClientTurn {
  readonly path: string
}

export interface ClientMessage {
  readonly clientId: string
  /** For a new session; by default the built-in agent. */
  readonly agentId: AgentId | undefined
  /** Undefined: the message follows the session's last one. */
  readonly earlier: ReadonlyArray<PlacedTurn> | undefined
  /** Undefined: the client sends only answers to interrupts. */
  readonly message: string | undefined
  /** The files of `message`. */
  readonly files: ReadonlyArray<ReferredFile>
  readonly path: string
  /** Asks for another answer to `message`, or for an answer if its turn failed. */
  readonly again: boolean
  /** The message that is edited, or whose answer is wanted again. */
  readonly named: string | undefined
  /** The client's answers to the interrupts that wait. */
  readonly answersTo: (pending: ReadonlyArray<Interrupt>) => ReadonlyArray<InterruptAnswer>
}

const refused = (path: string, message: string) => new HistoryInvalid({ problems: [{ path, message }] })

/** The server notices within this time that a client has closed its connection. */
const leavingMs = 1000
const leavingCheckMs = 50

export const make = Effect.gen(function* () {
  const chat = yield* Chat
  const live = yield* LiveRuns
  const queue = yield* SessionQueue
  const quotas = yield* Quotas
  const reader = yield* RunReader
  const referred = yield* ReferredFiles.make
  const runs = yield* Runs
  const sessions = yield* Sessions

  const start = Effect.fnUntraced(function* (
    caller: Caller,
    { agentId, answersTo, clientId, files, message, path }: ClientMessage,
  ) {
    const unknown = Interrupts.unknownAnswer([], answersTo([]))
    if (unknown !== undefined) return yield* unknown
    if (message === undefined) return yield* refused(path, "Expected a user's message: the chat is new")
    yield* quotas.session(caller.principal.orgId)
    const attachments = yield* referred(caller.principal, files)
    return yield* chat.start(caller, { agentId: agentId ?? defaultAgentId, clientId, message, attachments })
  })

  const continueIn = Effect.fnUntraced(function* (
    caller: Caller,
    session: Session,
    { again, answersTo, files, message, path }: ClientMessage,
    place: Extract<Place, { readonly _tag: "After" | "Again" }>,
  ) {
    yield* quotas.message(caller.principal.orgId)
    if (place._tag === "Again") return yield* chat.regenerate(caller, place.questionId, {})
    const { parentMessageId } = place
    const branch =
      parentMessageId === null || again ? [] : yield* sessions.branch(session.id, parentMessageId)
    const answers = answersTo(Interrupts.pendingIn(branch))
    if (message === undefined && answers.length === 0)
      return yield* refused(path, "No interrupt of the chat waits for such an answer")
    const attachments = yield* referred(caller.principal, files, session.id)
    return yield* chat.send(caller, session.id, {
      parentMessageId,
      attachments,
      ...(message === undefined ? {} : { message }),
      ...(answers.length === 0 ? {} : { answers }),
    })
  })

  const send = Effect.fnUntraced(function* (caller: Caller, asked: ClientMessage) {
    const { again, agentId, clientId, earlier, message, named } = asked
    const session = yield* sessions.ofClient(caller.principal, clientId)
    if (session !== undefined && agentId !== undefined && agentId !== session.agentId)
      return yield* refused("agentId", `Expected ${session.agentId}, the agent of the chat`)
    const tree = session === undefined ? [] : yield* sessions.tree(session.id)
    const place = placeOf(tree, {
      earlier,
      message: message ?? "",
      onlyAnswers: message === undefined,
      again,
      named,
    })
    if (place._tag === "UnknownEdit")
      return yield* refused("messageId", "Expected a message of the chat, or the whole chat in messages")
    if (place._tag === "Unknown")
      return yield* refused(
        earlier?.[place.turn]?.path ?? "messages",
        "The chat has no such answered message here",
      )
    return yield* session === undefined ? start(caller, asked) : continueIn(caller, session, asked, place)
  })

  /** A client that stops reading leaves its run behind; the run would make the session busy until the grace time ends. */
  const cancelAbandoned = Effect.fnUntraced(function* (principal: Principal, busy: SessionBusy) {
    const running = yield* runs.runningOf(busy.sessionId)
    if (running === undefined) return
    // A run of another replica counts as read.
    const isRead = live.get(running) === undefined ? Effect.succeed(true) : live.isRead(running)
    for (let waited = 0; (yield* isRead) && waited < leavingMs; waited += leavingCheckMs)
      yield* Effect.sleep(leavingCheckMs)
    if (yield* isRead) return yield* busy
    yield* Effect.catchTags(reader.cancel(principal, running), {
      RunElsewhere: () => Effect.fail(busy),
      RunNotFound: () => Effect.fail(busy),
    })
  })

  const queued = Effect.fnUntraced(function* (
    principal: Principal,
    clientId: string,
    turn: Effect.Effect<Begun, OnceRefused>,
  ) {
    const session = yield* sessions.ofClient(principal, clientId)
    return yield* session === undefined ? turn : queue.turn(principal, session.id, turn)
  })

  const onBusy = (
    { principal }: Caller,
    clientId: string,
    turn: Effect.Effect<Begun, OnceRefused>,
  ): Effect.Effect<Begun, OnceRefused> =>
    queue.mayWait
      ? queued(principal, clientId, turn)
      : Effect.catchTag(turn, "SessionBusy", (busy) => Effect.andThen(cancelAbandoned(principal, busy), turn))

  /** The session's running run. */
  const running = Effect.fnUntraced(function* (principal: Principal, clientId: string) {
    const session = yield* sessions.ofClient(principal, clientId)
    return session === undefined ? undefined : yield* runs.runningOf(session.id)
  })

  return { send, onBusy, running }
})
