/**
 * Runs, as their users read them afterwards or from a second place: the events from a cursor on, the account of what
 * happened, and the cancel. A run that is not the caller's is not there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Downlevel } from "../agent2ui/Legacy.ts"
import type { Message } from "../agent2ui/Message.ts"
import type { RunId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import type { Protocol } from "../domain/Protocol.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import { type RunNotFound, Runs } from "../recording/Runs.ts"
import type { StoreError } from "../recording/StoreError.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { type FollowedRun, type RunElsewhere, SharedLogs } from "../sharing/SharedLogs.ts"
import * as Forgotten from "./Forgotten.ts"
import { RunChain } from "./RunChain.ts"
import * as RunEnd from "./RunEnd.ts"
import * as RunTiming from "./RunTiming.ts"

type More = Effect.Effect<
  { readonly entries: ReadonlyArray<LogEntry>; readonly more: More | undefined },
  StoreError
>

/** The events after a cursor: a log that still grows, or all there will ever be. */
export type Source =
  | ({ readonly _tag: "Live" } & FollowedRun)
  | {
      readonly _tag: "Kept"
      /** The first of them. Empty, with nothing more, when the cursor is at the run's end or past it. */
      readonly entries: ReadonlyArray<LogEntry>
      /** The next of them. Undefined: there are no more. */
      readonly more?: More | undefined
      /** A reader of protocol 1 at the cursor, if asked for. */
      readonly old?: Downlevel
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
      protocol?: Protocol,
    ) => Effect.Effect<
      { readonly run: Run; readonly source: Source },
      RunElsewhere | RunNotFound | StoreError
    >
    /**
     * With its attempts and their clocks, a page of its chain as it was said (plan, steps, calls, changes of mode, in order),
     * and the steps and calls of that page with their times. Both are empty once the events are no longer kept.
     */
    readonly account: (
      principal: Principal,
      id: RunId,
      page: { readonly cursor?: number; readonly limit: number },
    ) => Effect.Effect<RunAccount, RunNotFound | StoreError>
    /** Whether this call ended it; a run that has ended stays as it is. */
    readonly cancel: (
      principal: Principal,
      id: RunId,
    ) => Effect.Effect<boolean, RunElsewhere | RunNotFound | StoreError>
  }
>()("crossfade/chat/RunReader") {
  static readonly layer: Layer.Layer<RunReader, never, LiveRuns | Runs | SharedLogs> = Layer.effect(
    RunReader,
    Effect.suspend(() => make),
  )
}

/** The process died, so events may have been sent that were never stored. */
const isLost = ({ status }: Run): boolean => status === "interrupted" || status === "running"

/** The reader has seen more than was stored: the number of the end is a guess. */
const isPast = (kept: ReadonlyArray<LogEntry>, after: number): boolean => (kept.at(-1)?.seq ?? 0) < after

/**
 * The last stored events of an ended run, with its terminal event last. `before` is the number of the stored event before
 * them. For a lost run the terminal event comes after everything that the reader may have seen.
 */
const withEnd = (
  run: Run,
  kept: ReadonlyArray<LogEntry>,
  after: number,
  before = 0,
): ReadonlyArray<LogEntry> => {
  const terminal = RunEnd.terminalOf(run) ?? { event: "error", data: RunEnd.interruptedError(run) }
  const last = kept.at(-1)?.seq ?? before
  // Nothing is stored at the cursor or after it: it is at the terminal event or past it.
  if (!isLost(run) && after > 0 && last === 0) return []
  const seq = isLost(run) ? Math.max(last, after) + 1 : last + 1
  return [...kept, { seq, event: terminal }].filter((entry) => entry.seq > after)
}

/** The upstream's own codes tell how the service is configured: they are for operators. */
const shownTo = (principal: Principal, attempt: Attempt): Attempt =>
  missingPermissions(principal, ["admin:read"]).length === 0 ? attempt : { ...attempt, failure: null }

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const live = yield* LiveRuns
  const shared = yield* SharedLogs

  /** All stored entries with `seq` > `after`. Other turns are served between two pages. */
  const forEachPage = Effect.fnUntraced(function* (
    id: RunId,
    after: number,
    use: (entries: ReadonlyArray<LogEntry>) => void,
  ) {
    let next: number | null = after
    while (next !== null) {
      const page: Page<LogEntry, number> = yield* runs.events(id, next)
      use(page.entries)
      next = page.next
      yield* Effect.yieldNow
    }
  })

  /** A page of stored events, and those that follow it. */
  const following = (
    run: Run,
    after: number,
    { entries, next }: Page<LogEntry, number>,
    before: number,
  ): Effect.Success<More> =>
    next === null
      ? { entries: withEnd(run, entries, after, before), more: undefined }
      : {
          entries: entries.filter(({ seq }) => seq > after),
          more: Effect.map(runs.events(run.id, next), (page) => following(run, after, page, next)),
        }

  /** A reader of protocol 1 that has got the events up to `after`. */
  const oldReaderAt = Effect.fnUntraced(function* (id: RunId, after: number) {
    const old = new Downlevel()
    let next: number | null = 0
    while (next !== null && next < after) {
      const page: Page<LogEntry, number> = yield* runs.events(id, next)
      for (const { event, seq } of page.entries)
        if (seq <= after && event.event === "message") old.messages(event.data)
      next = page.next
    }
    return old
  })

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
    protocol = 2,
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
    const kept = yield* runs.events(id, Math.max(0, after - 1))
    const answer =
      kept.entries.length > 0 || run.assistantMessageId === null
        ? undefined
        : yield* runs.forgotten(id, run.assistantMessageId)
    const first =
      answer === undefined
        ? following(run, after, kept, 0)
        : { entries: Forgotten.entriesOf(run, answer, after), more: undefined }
    return {
      run,
      source: {
        _tag: "Kept",
        ...first,
        ...(protocol === 1 ? { old: yield* oldReaderAt(id, after) } : {}),
        isEndUnknown: answer !== undefined || (isLost(run) && isPast(kept.entries, after)),
      },
    }
  })

  const account: RunReader["Service"]["account"] = Effect.fnUntraced(function* (
    principal,
    id,
    { cursor = 0, limit },
  ) {
    const running = live.get(id)
    const { attempts, run } = yield* runs.get(principal, id)
    const told = new RunChain(cursor, limit)
    if (running === undefined) yield* forEachPage(id, 0, (entries) => told.add(entries))
    else told.add(running.read(0))
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
      // Nobody answers for a run that has ended meanwhile.
      Effect.flatMap(runs.ended([id]), (ended) => (ended.length > 0 ? Effect.succeed(false) : elsewhere)),
    )
  })

  return RunReader.of({ events, account, cancel })
})
