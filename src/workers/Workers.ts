/**
 * The primary: starts the workers, gives each connection to one of them, replaces a worker that ends, and stops them
 * all. A worker is a replica like one on another machine, so the primary knows nothing of turns.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Socket } from "node:net"
import type { Assignment, Port } from "./Messages.ts"
import { Pool } from "./Pool.ts"
import { endsInARow, pauseMs } from "./Restarts.ts"
import { type Ended, type WorkerFailed, WorkerProcess } from "./WorkerProcess.ts"

/** A worker that is killed takes the counts since its last report with it. */
const reportEvery = Schedule.spaced("1 second")

/** The part of an assignment that all workers share. */
type Common = Omit<Assignment, "kind" | "worker" | "restarts">

export interface Workers {
  /**
   * Starts `count` workers, runs `ready` when all are ready, and replaces those that end. Fails with the reason of the
   * first that cannot start, and later if no worker is left and a replacement cannot start.
   */
  readonly run: <E, R>(
    count: number,
    common: Common,
    ready: Effect.Effect<void, E, R>,
  ) => Effect.Effect<void, E | WorkerFailed, R | Scope.Scope>
  /** Gives a new connection to a worker, or keeps it until one can take it. */
  readonly give: (port: Port, socket: Socket) => void
  /** Ends all workers at once. */
  readonly kill: () => void
}

const atOnce = { concurrency: "unbounded", discard: true } as const

/** Succeeds when no worker takes connections any more. */
const stop = (pool: Pool) =>
  Effect.suspend(() => {
    for (const worker of pool.all) worker.send({ kind: "stop" })
    return Effect.forEach(pool.all, ({ left }) => Deferred.await(left), atOnce)
  }).pipe(Effect.andThen(Effect.sync(() => pool.close())))

const allEnded = (pool: Pool) =>
  Effect.suspend(() => Effect.forEach(pool.all, ({ ended }) => Deferred.await(ended), atOnce))

/**
 * `program`: the file that a worker runs. The ports must open in the same scope between `make` and `run`: when it
 * closes, they stay open while the workers drain, and the scope waits for the ends of the workers last.
 */
export const make = Effect.fnUntraced(function* (program: string) {
  const pool = new Pool()
  /** Unplanned ends that no replacement counts yet. */
  let restarts = 0

  const refresh = Effect.suspend(() => Effect.forEach(pool.all, (worker) => worker.refresh, atOnce))
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const listeners = {
    onChange: () => pool.dispatch(),
    onEnded: (worker: WorkerProcess) => pool.remove(worker),
    onMetrics: (worker: WorkerProcess, id: number) =>
      void fork(Effect.map(refresh, () => worker.send({ kind: "metrics", id, text: pool.page() }))),
  }

  const start = (number: number, common: Common): WorkerProcess => {
    const worker = new WorkerProcess(
      program,
      { kind: "begin", worker: number, restarts, ...common },
      listeners,
    )
    restarts = 0
    pool.add(worker)
    return worker
  }

  const logged = Effect.fnUntraced(function* (worker: WorkerProcess, { failed, how }: Ended, pause: number) {
    restarts += failed === undefined ? 1 : 1 + worker.restarts
    const reason = failed === undefined ? "" : `: ${failed.message}`
    yield* Effect.logWarning(
      `worker ${worker.number} (process ${worker.pid}) ${how}${reason}; the next one starts in ${pause} ms`,
    )
    if (failed !== undefined && !pool.all.some(({ isReady }) => isReady)) return yield* failed
  })

  const keep = Effect.fnUntraced(function* (first: WorkerProcess, common: Common) {
    let worker = first
    let ends = 0
    while (true) {
      const end = yield* Deferred.await(worker.ended)
      ends = endsInARow(ends, performance.now() - worker.startedAt)
      const pause = pauseMs(ends)
      yield* logged(worker, end, pause)
      yield* Effect.sleep(pause)
      worker = start(worker.number, common)
    }
  })

  yield* Effect.forkScoped(Effect.repeat(refresh, reportEvery))
  yield* Effect.addFinalizer(() => allEnded(pool))

  const workers: Workers = {
    run: Effect.fnUntraced(function* (count, common, ready) {
      yield* Effect.addFinalizer(() => stop(pool))
      const first = Array.from({ length: count }, (_, index) => start(index + 1, common))
      yield* Effect.forEach(first, ({ started }) => Deferred.await(started), atOnce)
      yield* ready
      yield* Effect.forEach(first, (worker) => keep(worker, common), atOnce)
    }),
    give: (port, socket) => pool.give(port, socket),
    kill: () => pool.all.forEach((worker) => worker.kill()),
  }
  return workers
})
