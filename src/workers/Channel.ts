/** The worker's end of the channel to its primary. There is one in each worker, and none in a single process. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { Socket } from "node:net"
import type { Connections } from "../http/HandedOver.ts"
import { type Assignment, isToWorker, type Port, type ToPrimary, type ToWorker } from "./Messages.ts"

/** The primary itself waits a second for the reports of the others. */
const longestCollect = "3 seconds"

export class Channel {
  readonly assignment: Assignment
  /** Succeeds when the primary stops this worker or has died, and on SIGTERM. */
  readonly stop = Deferred.makeUnsafe<void>()
  readonly #takes = new Map<Port, (socket: Socket) => void>()
  readonly #leaving = new Map<Port, () => void>()
  readonly #pages = new Map<number, (text: string) => void>()
  readonly #ownPage: () => string
  #closed = 0
  #lastPage = 0

  private constructor(assignment: Assignment, ownPage: () => string) {
    this.assignment = assignment
    this.#ownPage = ownPage
    process.on("message", (message, socket) => {
      if (isToWorker(message)) this.#receive(message, socket instanceof Socket ? socket : undefined)
    })
    process.on("SIGTERM", () => this.#stopped())
    process.once("disconnect", () => {
      for (const left of this.#leaving.values()) left()
      this.#stopped()
    })
  }

  /** Waits for the assignment, which is the first message. `ownPage`: the metrics of this process. */
  static readonly open = (ownPage: () => string): Effect.Effect<Channel> =>
    Effect.callback((resume) => {
      process.once("message", (message) => {
        if (isToWorker(message) && message.kind === "begin")
          resume(Effect.succeed(new Channel(message, ownPage)))
      })
    })

  send(message: ToPrimary): void {
    // The primary may have died; `disconnect` says so.
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }

  connections(port: Port): Connections | undefined {
    const address = this.assignment.addresses[port]
    return address === undefined
      ? undefined
      : {
          address,
          open: (take) => {
            this.#takes.set(port, take)
            this.send({ kind: "open", port })
          },
          leave: (done) => {
            if (!process.connected) return done()
            this.#leaving.set(port, done)
            this.send({ kind: "leave", port })
          },
        }
  }

  /** The metrics of all workers; those of this one if the primary does not answer. */
  readonly allMetrics: Effect.Effect<string> = Effect.callback<string>((resume) => {
    const id = ++this.#lastPage
    this.#pages.set(id, (text) => resume(Effect.succeed(text)))
    this.send({ kind: "metrics", id })
    return Effect.sync(() => this.#pages.delete(id))
  }).pipe(
    Effect.timeoutOrElse({ duration: longestCollect, orElse: () => Effect.sync(() => this.#ownPage()) }),
  )

  #receive(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case "begin":
        return
      case "connection":
        this.send({ kind: "taken" })
        return this.#take(message.port, socket)
      case "left":
        return this.#leaving.get(message.port)?.()
      case "report":
        return this.send({ kind: "report", id: message.id, text: this.#ownPage() })
      case "metrics":
        return this.#pages.get(message.id)?.(message.text)
      case "stop":
        return this.#stopped()
    }
  }

  #take(port: Port, socket: Socket | undefined): void {
    if (socket === undefined) return this.#countClosed()
    socket.once("close", () => this.#countClosed())
    this.#takes.get(port)?.(socket)
  }

  /** One message for all connections that close in one turn of the loop. */
  #countClosed(): void {
    if (this.#closed++ > 0) return
    setImmediate(() => {
      this.send({ kind: "closed", count: this.#closed })
      this.#closed = 0
    })
  }

  #stopped(): void {
    this.send({ kind: "stopping" })
    Deferred.doneUnsafe(this.stop, Effect.void)
  }
}

/** Undefined in a single process. */
export const WorkerChannel = Context.Reference<Channel | undefined>("crossfade/workers/WorkerChannel", {
  defaultValue: () => undefined,
})
