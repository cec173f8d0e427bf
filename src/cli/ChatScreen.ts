/**
 * Writes a run: the answer to standard output, and the way to it to standard error. A terminal gets the answer as it
 * arrives. A pipe gets it at the end, because a retract can take a part back that a program has read already.
 */
import * as Effect from "effect/Effect"
import type { Piece } from "./ChatText.ts"
import { isColoured } from "./Output.ts"

const dimmed = (text: string): string => (isColoured(process.stderr) ? `\x1b[2m${text}\x1b[0m` : text)

export class ChatScreen {
  readonly #streams = process.stdout.isTTY
  #channel: Piece["channel"] = "note"
  #isLineOpen = false

  readonly show = (piece: Piece): Effect.Effect<void> => Effect.sync(() => this.#show(piece))

  /** The whole answer, unless the terminal has it. */
  readonly end = (answer: string): Effect.Effect<void> =>
    Effect.sync(() => {
      this.#breakLine()
      if (!this.#streams && answer !== "")
        process.stdout.write(answer.endsWith("\n") ? answer : `${answer}\n`)
    })

  #show({ channel, text }: Piece): void {
    if (channel === "answer" && !this.#streams) return
    if (channel !== this.#channel) this.#breakLine()
    this.#channel = channel
    const line = channel === "note" ? `${text}\n` : text
    if (channel === "answer") process.stdout.write(line)
    else process.stderr.write(dimmed(line))
    this.#isLineOpen = !line.endsWith("\n")
  }

  #breakLine(): void {
    if (!this.#isLineOpen) return
    const stream = this.#channel === "answer" ? process.stdout : process.stderr
    stream.write("\n")
    this.#isLineOpen = false
  }
}
