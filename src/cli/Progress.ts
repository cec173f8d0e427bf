/**
 * The progress of long work on standard error: one line that changes in a terminal, and a line now and then in a log.
 * Work of a few seconds prints nothing into a log.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const every = { terminal: 100, log: 10_000 } as const

export class Progress {
  readonly #total: number
  readonly #isTerminal = process.stderr.isTTY
  #done = 0
  #shownAt: number

  private constructor(total: number, now: number) {
    this.#total = total
    this.#shownAt = now
  }

  static readonly make = (total: number): Effect.Effect<Progress> =>
    Effect.map(Clock.currentTimeMillis, (now) => new Progress(total, now))

  /** Before each part of the work. */
  readonly step = (part: string): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const line = `${this.#done} of ${this.#total}: ${part}`
      this.#done += 1
      if (now - this.#shownAt < every[this.#isTerminal ? "terminal" : "log"]) return
      this.#shownAt = now
      process.stderr.write(this.#isTerminal ? `\r\x1b[K${line}` : `${line}\n`)
    })

  readonly clear: Effect.Effect<void> = Effect.sync(() => {
    if (this.#isTerminal) process.stderr.write("\r\x1b[K")
  })
}
