/** The running workers, the connections that wait for one, and the metrics of all. */
import type { Socket } from "node:net"
import * as Dispatch from "./Dispatch.ts"
import * as MergedMetrics from "./MergedMetrics.ts"
import type { Port } from "./Messages.ts"
import type { WorkerProcess } from "./WorkerProcess.ts"

export class Pool {
  /** The worker with the last connection is the last one, so workers with equally many take turns. */
  readonly #all = new Set<WorkerProcess>()
  readonly #waiting: Array<readonly [Port, Socket]> = []
  /** The counters of the workers that ended. */
  #endedPage = ""

  get all(): ReadonlyArray<WorkerProcess> {
    return [...this.#all]
  }

  add(worker: WorkerProcess): void {
    this.#all.add(worker)
  }

  remove(worker: WorkerProcess): void {
    this.#all.delete(worker)
    const ended = { worker: worker.number, isAlive: false }
    this.#endedPage = MergedMetrics.merge([
      { ...ended, text: this.#endedPage },
      { ...ended, text: worker.page },
    ])
    this.dispatch()
  }

  give(port: Port, socket: Socket): void {
    this.#waiting.push([port, socket])
    this.dispatch()
  }

  /** Gives waiting connections to workers that can take one. */
  dispatch(): void {
    for (let at = 0; at < this.#waiting.length;) {
      const [port, socket] = this.#waiting[at]!
      const worker = Dispatch.choose(this.#all, port)
      if (worker === undefined && !socket.destroyed) {
        at += 1
        continue
      }
      this.#waiting.splice(at, 1)
      if (worker === undefined || socket.destroyed) continue
      this.#all.delete(worker)
      this.#all.add(worker)
      worker.give(port, socket)
    }
  }

  /** Breaks the connections that wait: no worker will take one. */
  close(): void {
    for (const [, socket] of this.#waiting.splice(0)) socket.destroy()
  }

  page(): string {
    return MergedMetrics.merge([
      { worker: 0, isAlive: false, text: this.#endedPage },
      ...this.all
        .toSorted((a, b) => a.number - b.number)
        .map(({ number, page }) => ({ worker: number, isAlive: true, text: page })),
    ])
  }
}
