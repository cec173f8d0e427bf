/** One request and its response: ends when it is closed, when its caller aborts, or when it is silent for too long. */
import { connectionLost } from "./CrossfadeError.ts"

/** A timer with a longer delay fires at once. */
const longestTimerMs = 2 ** 31 - 1

const timer = (task: () => void, ms: number) => setTimeout(task, Math.min(ms, longestTimerMs))

export class Connection {
  readonly #controller = new AbortController()
  readonly #silenceMs: number
  readonly #caller: AbortSignal | undefined

  constructor(silenceMs: number, caller: AbortSignal | undefined) {
    this.#silenceMs = silenceMs
    this.#caller = caller
  }

  /** Aborted when the connection is closed, not when its caller aborts: a turn must first learn its run to cancel it. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Waits for the next bytes. The time between two calls, in which the caller uses the last bytes, does not count. */
  readonly watch = <A>(bytes: Promise<A>): Promise<A> =>
    new Promise((resolve, reject) => {
      const abort = () => reject(this.#caller?.reason)
      const silent = () => {
        this.close()
        reject(connectionLost(`The connection was silent for ${this.#silenceMs} ms.`))
      }
      if (this.#caller?.aborted === true) abort()
      const silence = timer(silent, this.#silenceMs)
      this.#caller?.addEventListener("abort", abort, { once: true })
      bytes.then(resolve, reject).finally(() => {
        clearTimeout(silence)
        this.#caller?.removeEventListener("abort", abort)
      })
    })

  close(): void {
    this.#controller.abort()
  }
}

/** Rejects with the reason of `signal` when it aborts. */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(delay)
      reject(signal?.reason)
    }
    const delay = timer(() => {
      signal?.removeEventListener("abort", abort)
      resolve()
    }, ms)
    if (signal?.aborted === true) abort()
    else signal?.addEventListener("abort", abort, { once: true })
  })
