/**
 * Reads and cancels existing runs: the events after a cursor, and the account of a run. A run that does not belong to the
 * caller fails with `RunNotFound`.
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

/** The events of a run, read page by page from `pages`: those of a growing log, or the complete stored events. */
export type Source =
  | ({ readonly _tag: "Live"; readonly pages: Pages } & FollowedRun)
  | {
      readonly _tag: "Stored"
      readonly pages: Pages
      /** The terminal event, after the last page. Undefined when the cursor is at the run's end or past it. */
      readonly end: RunEvent | undefined
      /** The run is lost or its events have expired, so the number of its terminal event is a guess. */
      readonly isEndUnknown?: boolean
    }

/** The part of an account that follows from the run's attempts and events. */
export interface RunDetails {
  readonly attempts: ReadonlyArray<TimedAttempt>
  readonly times: RunTimes
  readonly eventsKept: boolean
  readonly chain: ReadonlyArray<Message>
  readonly execution: ReadonlyArray<ChainLink>
  /** The position of the last message of the chain's page, if more follow. */
  readonly next: number | null
}

interface ChainPage {
  readonly cursor?: number
  readonly limit: number
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
     * The run with its attempts and their times, a page of its chain (plans, steps, calls and mode changes, in order), and the
     * steps and calls that began on that page. When the events are no longer stored, the chain is that of the stored parts,
     * and the calls are empty, because the parts lack the times of steps.
     */
    readonly account: (
      principal: Principal,
      id: RunId,
      page: ChainPage,
    ) => Effect.Effect<Run & RunDetails, AgentDenied | RunNotFound | StoreError>
    /** The account of a run that `principal` may see as an operator. */
    readonly details: (
      principal: Principal,
      found: { readonly run: Run; readonly attempts: ReadonlyArray<Attempt> },
      page: ChainPage,
    ) => Effect.Effect<RunDetails, StoreError>
    /** Gives true when this call ended the run. An ended run does not change. */
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

/** The run's process died, so readers may have received events that were never stored. */
const isLost = ({ status }: Run): boolean => status === "interrupted" || status === "running"

/** The terminal event of a run that no process executes any more. */
const endOf = (run: Run): RunEvent =>
  TerminalEvent.terminalOf(run) ?? { event: "error", data: TerminalEvent.interruptedError(run) }

/** A source of a few entries in memory. The last one is the terminal event. */
const sourceOf = (entries: ReadonlyArray<LogEntry>): Source => ({
  _tag: "Stored",
  pages: (after) => Effect.succeed(entries.slice(0, -1).filter(({ seq }) => seq > after)),
  end: entries.at(-1)?.event,
  isEndUnknown: true,
})

/** The text of an upstream's error may reveal the configuration, so only operators see it. */
const shownTo = (principal: Principal, attempt: Attempt): Attempt =>
  missingPermissions(principal, ["operator:read"]).length === 0 ? attempt : { ...attempt, failure: null }

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const live = yield* LiveRuns
  const shared = yield* SharedLogs

  /** The log of a live run, here or on another replica. Undefined when the run has ended or no process executes it. */
  const growing = Effect.fnUntraced(function* (id: RunId, after: number) {
    const own = yield* runs.isOwn(id)
    const here = live.get(id)
    if (here !== undefined) return liveSource(here)
    if (own) return undefined
    const followed = yield* shared.follow(id, after)
    // It may have ended before the reader's cursor. The store has the end.
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
    // Starts one event earlier: the event at the cursor proves that the cursor is not beyond the end.
    const first = yield* runs.events(run.id, Math.max(0, after - 1))
    if (first.length === 0) {
      const parts = yield* runs.expiredParts(run)
      // A turn may fail before its first event.
      const had = parts !== undefined && (parts.length > 0 || run.assistantMessageId !== null)
      if (had) return sourceOf(ExpiredRun.entriesOf(run, parts, after))
    }
    // No event at or after the cursor is stored, so the cursor is at the terminal event or past it.
    const isPast = after > 0 && first.length === 0
    let ready: ReadonlyArray<LogEntry> | undefined = first.filter(({ seq }) => seq > after)
    const source: Source = {
      _tag: "Stored",
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

  /** `running`: the log that was live before the run was read, so that no event is missing. */
  const detailsOf = Effect.fnUntraced(function* (
    principal: Principal,
    { attempts, run }: { readonly run: Run; readonly attempts: ReadonlyArray<Attempt> },
    { cursor = 0, limit }: ChainPage,
    running: RunLog | undefined,
  ) {
    const pages = running === undefined ? stored(run.id) : RunPages.ofLog(runs, running)
    const chain = new RunChain(cursor, limit)
    yield* RunPages.each(pages, 0, running?.lastSeq ?? Number.POSITIVE_INFINITY, (entry) => chain.add(entry))
    const parts = chain.hasEvents || run.status === "running" ? undefined : yield* runs.expiredParts(run)
    const shown = parts === undefined ? chain : RunChain.of(ExpiredRun.partEntries(parts), cursor, limit)
    const execution = shown.execution(run.status === "running" ? undefined : (run.error ?? {}))
    const details: RunDetails = {
      attempts: attempts.map((attempt) => RunTiming.timed(shownTo(principal, attempt))),
      times: RunTiming.timesOf(run, attempts, chain.longestSilenceMs),
      // A turn may fail before its first event. A turn with an answer had events.
      eventsKept: chain.hasEvents || (!shown.hasEvents && run.assistantMessageId === null),
      chain: shown.chain,
      execution: parts === undefined ? execution : ExpiredRun.untimed(execution),
      next: shown.next,
    }
    return details
  })

  const account: RunReader["Service"]["account"] = Effect.fnUntraced(function* (principal, id, page) {
    const running = live.get(id)
    const found = yield* runs.get(principal, id)
    return { ...found.run, ...(yield* detailsOf(principal, found, page, running)) }
  })

  const details: RunReader["Service"]["details"] = (principal, found, page) =>
    detailsOf(principal, found, page, live.get(found.run.id))

  const cancel: RunReader["Service"]["cancel"] = Effect.fnUntraced(function* (principal, id) {
    const here = live.get(id)
    const { run } = yield* runs.get(principal, id)
    if (here !== undefined || run.status !== "running" || (yield* runs.isOwn(id)))
      return yield* live.cancel(id)
    return yield* Effect.catch(shared.cancel(id), (elsewhere) =>
      // No replica answers for a run that has just ended.
      Effect.flatMap(runs.ended([id]), (ended) => (ended.length > 0 ? Effect.succeed(false) : elsewhere)),
    )
  })

  return RunReader.of({ events, account, details, cancel })
})
