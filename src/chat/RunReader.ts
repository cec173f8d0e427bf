/**
 * Runs, as their users read them afterwards or from a second place: the events from a cursor on, the account of what
 * happened, and the cancel. A run that is not the caller's is not there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Message, MessageType } from "../agent2ui/Message.ts"
import type { RunId } from "../domain/Ids.ts"
import { type AgentDenied, missingPermissions, type Principal } from "../domain/Principal.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import { type RunNotFound, Runs } from "../recording/Runs.ts"
import type { StoreError } from "../recording/StoreError.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { type FollowedRun, type RunElsewhere, SharedLogs } from "../sharing/SharedLogs.ts"
import { linksOf } from "./ExecutionChain.ts"
import * as Forgotten from "./Forgotten.ts"
import * as RunEnd from "./RunEnd.ts"
import * as RunTiming from "./RunTiming.ts"

/** The events after a cursor: a log that still grows, or all there will ever be. */
export type Source =
  | ({ readonly _tag: "Live" } & FollowedRun)
  | {
      readonly _tag: "Kept"
      /** Empty when the cursor is at the run's end or past it. */
      readonly entries: ReadonlyArray<LogEntry>
      /** The events up to the cursor, if asked for. */
      readonly earlier?: ReadonlyArray<LogEntry>
      /** The run is lost or its events have expired, so the number of its terminal event is a guess. */
      readonly isEndUnknown?: boolean
    }

export type RunAccount = Run & {
  readonly attempts: ReadonlyArray<TimedAttempt>
  readonly times: RunTimes
  readonly eventsKept: boolean
  readonly chain: ReadonlyArray<Message>
  readonly execution: ReadonlyArray<ChainLink>
}

export class RunReader extends Context.Service<
  RunReader,
  {
    readonly events: (
      principal: Principal,
      id: RunId,
      after: number,
      withEarlier?: boolean,
    ) => Effect.Effect<
      { readonly run: Run; readonly source: Source },
      AgentDenied | RunElsewhere | RunNotFound | StoreError
    >
    /**
     * With its attempts and their clocks, its chain as it was said (plan, steps, calls, changes of mode, in order), and the
     * steps and calls with their times. Both are empty once the events are no longer kept.
     */
    readonly account: (
      principal: Principal,
      id: RunId,
    ) => Effect.Effect<RunAccount, AgentDenied | RunNotFound | StoreError>
    /** Whether this call ended it; a run that has ended stays as it is. */
    readonly cancel: (
      principal: Principal,
      id: RunId,
    ) => Effect.Effect<boolean, AgentDenied | RunElsewhere | RunNotFound | StoreError>
  }
>()("crossfade/chat/RunReader") {
  static readonly layer: Layer.Layer<RunReader, never, LiveRuns | Runs | SharedLogs> = Layer.effect(
    RunReader,
    Effect.suspend(() => make),
  )
}

const chainTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  "plan",
  "plan_step",
  "tool_call",
  "tool_result",
  "skill_call",
  "skill_result",
  "mcp_call",
  "mcp_result",
  "fallback",
  "retract",
])

const messagesOf = (entries: ReadonlyArray<LogEntry>): ReadonlyArray<Message> =>
  entries.flatMap(({ event }) => (event.event === "message" ? [event.data] : []))

/** The process died, so events may have been sent that were never stored. */
const isLost = ({ status }: Run): boolean => status === "interrupted" || status === "running"

/** The reader has seen more than was stored: the number of the end is a guess. */
const isPast = (kept: ReadonlyArray<LogEntry>, after: number): boolean => (kept.at(-1)?.seq ?? 0) < after

/**
 * The stored events of an ended run from the event at `after` on, with its terminal event last. For a lost run the terminal
 * event comes after everything that the reader may have seen.
 */
const withEnd = (run: Run, kept: ReadonlyArray<LogEntry>, after: number): ReadonlyArray<LogEntry> => {
  const terminal = RunEnd.terminalOf(run) ?? { event: "error", data: RunEnd.interruptedError(run) }
  const last = kept.at(-1)?.seq ?? 0
  // Nothing is stored at the cursor or after it: it is at the terminal event or past it.
  if (!isLost(run) && after > 0 && kept.length === 0) return []
  const seq = isLost(run) ? Math.max(last, after) + 1 : last + 1
  return [...kept, { seq, event: terminal }].filter((entry) => entry.seq > after)
}

/** An upstream's own words tell how the service is configured, and may hold more: they are for operators. */
const shownTo = (principal: Principal, attempt: Attempt): Attempt =>
  missingPermissions(principal, ["operator:read"]).length === 0 ? attempt : { ...attempt, failure: null }

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const live = yield* LiveRuns
  const shared = yield* SharedLogs

  /** The log of a run that goes on, here or elsewhere; none when it has ended, or will never. */
  const growing = Effect.fnUntraced(function* (id: RunId, after: number) {
    const own = yield* runs.isOwn(id)
    const here = live.get(id)
    if (here !== undefined) return liveSource(here)
    if (own) return undefined
    const followed = yield* shared.follow(id, after)
    // It may have ended before what the reader has seen: the store knows how.
    return followed.log.ended ? undefined : { _tag: "Live" as const, ...followed }
  })

  const liveSource = (log: RunLog) => ({ _tag: "Live" as const, log, attach: live.attach(log) })

  const events: RunReader["Service"]["events"] = Effect.fnUntraced(function* (
    principal,
    id,
    after,
    withEarlier = false,
  ) {
    const running = live.get(id)
    const found = yield* runs.get(principal, id)
    if (running !== undefined) return { run: found.run, source: liveSource(running) }
    if (found.run.status === "running") {
      const source = yield* growing(id, after)
      if (source !== undefined) return { run: found.run, source }
    }
    const { run } = found.run.status === "running" ? yield* runs.get(principal, id) : found
    // From one before: the last one that is kept says which number the terminal event has.
    const stored = yield* runs.events(id, withEarlier ? 0 : Math.max(0, after - 1))
    const answer =
      stored.length > 0 || run.assistantMessageId === null
        ? undefined
        : yield* runs.forgotten(id, run.assistantMessageId)
    const kept = stored.filter(({ seq }) => seq >= after)
    const entries = answer === undefined ? withEnd(run, kept, after) : Forgotten.entriesOf(run, answer, after)
    return {
      run,
      source: {
        _tag: "Kept",
        entries,
        earlier: stored.filter(({ seq }) => seq <= after),
        isEndUnknown: answer !== undefined || (isLost(run) && isPast(kept, after)),
      },
    }
  })

  const account: RunReader["Service"]["account"] = Effect.fnUntraced(function* (principal, id) {
    const running = live.get(id)
    const { attempts, run } = yield* runs.get(principal, id)
    const entries = running === undefined ? yield* runs.events(id, 0) : running.read(0)
    const messages = messagesOf(entries)
    return {
      ...run,
      attempts: attempts.map((attempt) => RunTiming.timed(shownTo(principal, attempt))),
      times: RunTiming.timesOf(run, attempts, messages),
      // A turn may fail before it says anything; one with an answer has said something.
      eventsKept: entries.length > 0 || run.assistantMessageId === null,
      chain: messages.filter(({ type }) => chainTypes.has(type)),
      execution: linksOf(messages, run.status !== "running"),
    }
  })

  const cancel: RunReader["Service"]["cancel"] = Effect.fnUntraced(function* (principal, id) {
    const here = live.get(id)
    const { run } = yield* runs.get(principal, id)
    if (here !== undefined || run.status !== "running" || (yield* runs.isOwn(id)))
      return yield* live.cancel(id)
    return yield* Effect.catch(shared.cancel(id), (elsewhere) =>
      // Nobody answers for a run that has ended meanwhile.
      Effect.flatMap(runs.ended([id]), (ended) => (ended.length > 0 ? Effect.succeed(false) : elsewhere)),
    )
  })

  return RunReader.of({ events, account, cancel })
})
