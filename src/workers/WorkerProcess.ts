/** One worker as the primary sees it: a process, the connections that it has, and its last metrics. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { type ChildProcess, fork } from "node:child_process"
import type { Socket } from "node:net"
import type { Taker } from "./Dispatch.ts"
import { type Assignment, isToPrimary, type Port, type ToPrimary, type ToWorker } from "./Messages.ts"

/** A worker did not start. The message is its own reason, and the code its exit code. */
export class WorkerFailed extends Schema.TaggedError<WorkerFailed>()("WorkerFailed", {
  reason: Schema.String,
  code: Schema.Finite,
}) {
  override readonly [Runtime.errorExitCode] = this.code
  override get message(): string {
    return this.reason
  }
}

/** The end of a process in words, and the reason of its failed start if it gave one. */
export interface Ended {
  readonly how: string
  readonly failed: WorkerFailed | undefined
}

/** A worker that stands still must not delay the metrics of the others. */
const longestReport = "1 second"

const failedCode = 1

interface Listeners {
  /** The worker may be able to take a waiting connection. */
  readonly onChange: () => void
  readonly onMetrics: (worker: WorkerProcess, id: number) => void
  readonly onEnded: (worker: WorkerProcess) => void
}

export class WorkerProcess implements Taker {
  readonly ports = new Set<Port>()
  readonly number: number
  readonly restarts: number
  readonly startedAt = performance.now()
  isReady = false
  isFree = true
  open = 0
  /** Its metrics at the last report. */
  page = ""
  readonly started = Deferred.makeUnsafe<void, WorkerFailed>()
  /** Succeeds when it takes no more connections. */
  readonly left = Deferred.makeUnsafe<void>()
  readonly ended = Deferred.makeUnsafe<Ended>()
  readonly #child: ChildProcess
  readonly #listeners: Listeners
  readonly #reports = new Map<number, () => void>()
  #failed: WorkerFailed | undefined
  #lastReport = 0

  constructor(program: string, assignment: Assignment, listeners: Listeners) {
    this.number = assignment.worker
    this.restarts = assignment.restarts
    this.#listeners = listeners
    this.#child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    this.#child.on("message", (message) => {
      if (isToPrimary(message)) this.#receive(message)
    })
    this.#child.once("error", (error) => this.#end(`could not be started (${error.message})`))
    this.#child.once("exit", (code, signal) =>
      this.#end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    )
    this.send(assignment)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  send(message: ToWorker, socket?: Socket): void {
    // The worker may have ended; its `exit` event says so.
    this.#child.send(message, socket, () => {})
  }

  give(port: Port, socket: Socket): void {
    this.isFree = false
    this.open += 1
    this.send({ kind: "connection", port }, socket)
  }

  /** Asks for its metrics, and waits for them at most a second. */
  readonly refresh: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const id = ++this.#lastReport
    this.#reports.set(id, () => resume(Effect.void))
    this.send({ kind: "report", id })
    return Effect.sync(() => this.#reports.delete(id))
  }).pipe(Effect.timeoutOption(longestReport), Effect.asVoid)

  kill(): void {
    this.#child.kill("SIGKILL")
  }

  #end(how: string): void {
    this.ports.clear()
    Deferred.doneUnsafe(this.left, Exit.void)
    this.#listeners.onEnded(this)
    const wasReady = Deferred.isDoneUnsafe(this.started)
    const failed =
      this.#failed ?? new WorkerFailed({ reason: `Worker ${this.number} ${how}.`, code: failedCode })
    Deferred.doneUnsafe(this.started, Exit.fail(failed))
    Deferred.doneUnsafe(this.ended, Exit.succeed({ how, failed: wasReady ? undefined : failed }))
  }

  #receive(message: ToPrimary): void {
    switch (message.kind) {
      case "open":
        this.ports.add(message.port)
        break
      case "ready":
        this.isReady = true
        Deferred.doneUnsafe(this.started, Exit.void)
        break
      case "stopping":
        this.isReady = false
        return
      case "failed":
        this.#failed = new WorkerFailed({ reason: message.text, code: message.code })
        return
      case "taken":
        this.isFree = true
        break
      case "closed":
        this.open -= message.count
        break
      case "leave":
        this.ports.delete(message.port)
        this.send({ kind: "left", port: message.port })
        if (this.ports.size === 0) Deferred.doneUnsafe(this.left, Exit.void)
        return
      case "report":
        this.page = message.text
        this.#reports.get(message.id)?.()
        return
      case "metrics":
        return this.#listeners.onMetrics(this, message.id)
    }
    this.#listeners.onChange()
  }
}
