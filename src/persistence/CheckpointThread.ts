/** The caller's side of the checkpoint thread: starts it when it is first needed, and again after it has died. */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql/SqlError"
import * as Path from "node:path"
import { Worker } from "node:worker_threads"
import type { Row } from "effect/sql/SqlConnection"
import { sqlError } from "./SqliteCalls.ts"

export interface Setup {
  readonly filename: string
  /** A descriptor of the database that stays open until all connections are closed: its end would release their locks. */
  readonly file: number
}

export type Request =
  /** Copies the log as far as possible, beside writers. */
  | { readonly _tag: "Copy" }
  /** Copies the rest and begins the log anew. No other connection of this process may write meanwhile. */
  | { readonly _tag: "Restart" }
  /** Writes the log to the disk again, after a sync that failed. No other connection of this process may write meanwhile. */
  | { readonly _tag: "Repair" }
  /** Runs a statement. No other connection of this process may write meanwhile. */
  | { readonly _tag: "Run"; readonly sql: string }
  | { readonly _tag: "Close" }

export interface Reply {
  readonly rows: ReadonlyArray<Row>
  /** A message between threads carries no class and no code of an error. */
  readonly error: { readonly message: string; readonly errcode?: number } | undefined
}

/** The source runs as TypeScript, the build as JavaScript from `dist/service`. */
const program = new URL(`../persistence/CheckpointWorker${Path.extname(import.meta.url)}`, import.meta.url)

export interface CheckpointThread {
  readonly ask: (request: Request) => Effect.Effect<ReadonlyArray<Row>, SqlError>
  readonly close: Effect.Effect<void>
}

export const make = (setup: Setup): CheckpointThread => {
  let worker: Worker | undefined
  let ended: ((reply: Reply) => void) | undefined

  const settle = (reply: Reply): void => {
    // An idle thread does not keep the process.
    worker?.unref()
    const resume = ended
    ended = undefined
    resume?.(reply)
  }
  const started = (): Worker => {
    const thread = new Worker(program, {
      workerData: setup,
      execArgv: ["--disable-warning=ExperimentalWarning"],
    })
    thread.on("message", settle)
    thread.on("error", (error) => settle({ rows: [], error }))
    thread.on("exit", () => {
      if (worker === thread) worker = undefined
      settle({ rows: [], error: new Error("the checkpoint thread ended") })
    })
    return thread
  }
  const oneAtATime = Semaphore.makeUnsafe(1)
  /** An interruption takes effect after the answer: the thread may hold a lock until then. */
  const ask = (request: Request): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
    oneAtATime.withPermit(
      Effect.uninterruptible(
        Effect.callback<ReadonlyArray<Row>, SqlError>((resume) => {
          ended = ({ error, rows }) =>
            resume(
              error === undefined
                ? Effect.succeed(rows)
                : Effect.fail(sqlError("checkpoint", Object.assign(new Error(error.message), error))),
            )
          worker ??= started()
          worker.ref()
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          worker.postMessage(request)
        }),
      ),
    )
  const close = Effect.suspend(() =>
    worker === undefined ? Effect.void : Effect.ignore(ask({ _tag: "Close" })),
  )
  return { ask, close }
}
