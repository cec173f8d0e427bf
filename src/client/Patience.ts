/** Waits between the tries of one request or one stream, and gives up after a bound. */
import { sleep } from "./Connection.ts"
import { connectionLost, CrossfadeError } from "./CrossfadeError.ts"
import { delayAfter } from "./Retry.ts"

/** A failure that is tried again, and the milliseconds until the next try. */
export type OnRetry = (error: CrossfadeError, delayMs: number) => void

const errorOf = (cause: unknown): CrossfadeError =>
  cause instanceof CrossfadeError
    ? cause
    : connectionLost("The connection could not be made, or it broke.", cause)

export class Patience {
  readonly #boundMs: number
  readonly #signal: AbortSignal | undefined
  readonly #onRetry: OnRetry | undefined
  #failures = 0
  #failingSince: number | undefined

  constructor(boundMs: number, signal?: AbortSignal, onRetry?: OnRetry) {
    this.#boundMs = boundMs
    this.#signal = signal
    this.#onRetry = onRetry
  }

  /** The gateway answered: the next failure is a first one. */
  reset(): void {
    this.#failures = 0
    this.#failingSince = undefined
  }

  /** Waits for the next try. Throws the failure if there is none, or the caller's reason if it aborts. */
  async wait(cause: unknown, runId?: string): Promise<void> {
    this.#signal?.throwIfAborted()
    const error = errorOf(cause).ofRun(runId)
    const now = Date.now()
    this.#failingSince ??= now
    const failure = {
      error,
      failures: this.#failures,
      failingMs: now - this.#failingSince,
      random: Math.random(),
    }
    const delayMs = delayAfter(failure, this.#boundMs)
    if (delayMs === undefined) throw error
    this.#failures += 1
    this.#onRetry?.(error, delayMs)
    await sleep(delayMs, this.#signal)
    // A sleeping machine or a hidden tab wakes late; the bound counts only the delay.
    this.#failingSince += Date.now() - now - delayMs
  }
}
