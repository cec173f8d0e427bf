/**
 * Runs, as their users read them afterwards or from a second place: the events from a cursor on, the account of what
 * happened, and the cancel. A run that is not the caller's is not there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Message } from "../protocol/agent2ui/Message.ts"
import type { RunId } from "../domain/Ids.ts"
import { type AgentDenied, missingPermissions, type Principal } from "../domain/Principal.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import * as RunPages from "../store/RunPages.ts"
import type { Pages } from "../store/RunPages.ts"
import { type RunNotFound, Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import type { LogEntry, RunEvent } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { type FollowedRun, type RunElsewhere, SharedLogs } from "../sharing/SharedLogs.ts"
import * as ExpiredRun from "./ExpiredRun.ts"
import { RunChain } from "./RunChain.ts"
import * as TerminalEvent from "../runs/TerminalEvent.ts"
import * as RunTiming from "./RunTiming.ts"

/** The events of a run, read a page at a time from `pages`: a log that still grows, or all there will ever be. */
export type Source =
  | ({ readonly _tag: "Live"; readonly pages: Pages } & FollowedRun)
  | {
      readonly _tag: "Kept"
      readonly pages: Pages
      /** The terminal event, which comes after the last page. Undefined when the cursor is at the run's end or past it. */
      readonly end: RunEvent | undefined
      /** The run is lost or its events have expired, so the number of its terminal event is a guess. */
      readonly isEndUnknown?: boolean
    }

export type RunAccount = Run & {
  readonly attempts: ReadonlyArray<TimedAttempt>
  readonly times: RunTimes
  readonly eventsKept: boolean
  readonly chain: ReadonlyArray<Message>
  readonly execution: ReadonlyArray<ChainLink>
  /** The position of the last message of the chain's page, if more follow. */
  readonly next: number | null
}

export class RunReader extends Context.Service<
  RunReader,
  {
    readonly events: (
      principal: Principal,
      id: RunId,
      after: number,
    ) => Effect.Effect<
      { readonly run: Run; readonly source: Source },
      AgentDenied | RunElsewhere | RunNotFound | StoreError
    >
    /**
     * With its attempts and their clocks, a page of its chain as it was said (plan, steps, calls, changes of mode, in order),
     * and the steps and calls of that page with their times. Both are empty once the events are no longer kept.
     */
    readonly account: (
      principal: Principal,
      id: RunId,
      page: { readonly cursor?: number; readonly limit: number },
    ) => Effect.Effect<RunAccount, AgentDenied | RunNotFound | StoreError>
    /** Gives true when this call ended it; a run that has ended stays as it is. */
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

/** The process died, so events may have been sent that were never stored. */
const isLost = ({ status }: Run): boolean => status === "interrupted" || status === "running"

/** The terminal event of a run that no process executes any more. */
const endOf = (run: Run): RunEvent =>
  TerminalEvent.terminalOf(run) ?? { event: "error", data: TerminalEvent.interruptedError(run) }

/** A few entries that are in memory already. The last one is the terminal event. */
const keptInMemory = (entries: ReadonlyArray<LogEntry>): Source => ({
  _tag: "Kept",
  pages: (after) => Effect.succeed(entries.slice(0, -1).filter(({ seq }) => seq > after)),
  end: entries.at(-1)?.event,
  isEndUnknown: true,
})

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
    if (followed.log.ended) return undefined
    return { ...followed, _tag: "Live" as const, pages: RunPages.ofLog(runs, followed.log) }
  })

  const liveSource = (log: RunLog): Source => ({
    _tag: "Live",
    log,
    pages: RunPages.ofLog(runs, log),
    attach: live.attach(log),
  })

  const stored =
    (id: RunId): Pages =>
    (after) =>
      runs.events(id, after)

  const ended = Effect.fnUntraced(function* (run: Run, after: number) {
    // From one before: the event at the cursor says that the cursor is none of the future.
    const first = yield* runs.events(run.id, Math.max(0, after - 1))
    if (first.length === 0 && run.assistantMessageId !== null) {
      const answer = yield* runs.expiredAnswer(run.id, run.assistantMessageId)
      if (answer !== undefined) return keptInMemory(ExpiredRun.entriesOf(run, answer, after))
    }
    // Nothing is stored at the cursor or after it: it is at the terminal event or past it.
    const isPast = after > 0 && first.length === 0
    let ready: ReadonlyArray<LogEntry> | undefined = first.filter(({ seq }) => seq > after)
    const source: Source = {
      _tag: "Kept",
      pages: (at) => {
        const page = at === after ? ready : undefined
        ready = undefined
        return page === undefined || page.length === 0 ? runs.events(run.id, at) : Effect.succeed(page)
      },
      end: isPast && !isLost(run) ? undefined : endOf(run),
      isEndUnknown: isPast && isLost(run),
    }
    return source
  })

  const events: RunReader["Service"]["events"] = Effect.fnUntraced(function* (principal, id, after) {
    const running = live.get(id)
    const found = yield* runs.get(principal, id)
    if (running !== undefined) return { run: found.run, source: liveSource(running) }
    if (found.run.status === "running") {
      const source = yield* growing(id, after)
      if (source !== undefined) return { run: found.run, source }
    }
    const { run } = found.run.status === "running" ? yield* runs.get(principal, id) : found
    return { run, source: yield* ended(run, after) }
  })

  const account: RunReader["Service"]["account"] = Effect.fnUntraced(function* (
    principal,
    id,
    { cursor = 0, limit },
  ) {
    const running = live.get(id)
    const { attempts, run } = yield* runs.get(principal, id)
    const pages = running === undefined ? stored(id) : RunPages.ofLog(runs, running)
    const told = new RunChain(cursor, limit)
    yield* RunPages.each(pages, 0, running?.lastSeq ?? Number.POSITIVE_INFINITY, (entry) => told.add(entry))
    return {
      ...run,
      attempts: attempts.map((attempt) => RunTiming.timed(shownTo(principal, attempt))),
      times: RunTiming.timesOf(run, attempts, told.longestSilenceMs),
      // A turn may fail before it says anything; one with an answer has said something.
      eventsKept: told.hasEvents || run.assistantMessageId === null,
      chain: told.chain,
      execution: told.execution(run.status !== "running"),
      next: told.next,
    }
  })

  const cancel: RunReader["Service"]["cancel"] = Effect.fnUntraced(function* (principal, id) {
    const here = live.get(id)
    const { run } = yield* runs.get(principal, id)
    if (here !== undefined || run.status !== "running" || (yield* runs.isOwn(id)))
      return yield* live.cancel(id)
    return yield* Effect.catch(shared.cancel(id), (elsewhere) =>
      // No replica answers for a run that has ended meanwhile.
      Effect.flatMap(runs.ended([id]), (ended) => (ended.length > 0 ? Effect.succeed(false) : elsewhere)),
    )
  })

  return RunReader.of({ events, account, cancel })
})
