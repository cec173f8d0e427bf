/**
 * The messages of the current step, to repeat those that stay when shown text is taken back. The references cost little
 * beside the run's log; a long step drops them, so that a reader never holds a long answer.
 */
import type { Message } from "../agent2ui/Message.ts"

interface ShownMessage {
  readonly message: Message
  readonly seq: number
}

/** Characters of text. Nearly all answers are shorter. */
const mostText = 256 * 1024
const mostMessages = 20_000

/** Structured messages count as long as usual ones; calls may hold more, and the limit of messages bounds them. */
const sizeOf = ({ data }: Message): number => ("content" in data ? data.content.length : 1024)

export class Shown {
  #messages: Array<ShownMessage> | undefined = []
  #size = 0

  add(message: Message, seq: number): void {
    if (this.#messages === undefined) return
    this.#messages.push({ message, seq })
    this.#size += sizeOf(message)
    if (this.#size > mostText || this.#messages.length > mostMessages) this.#messages = undefined
  }

  /** Removes the messages, and gives the others. Undefined: they are no longer known. */
  without(removed: (message: Message, seq: number) => boolean): ReadonlyArray<ShownMessage> | undefined {
    this.#messages = this.#messages?.filter(({ message, seq }) => !removed(message, seq))
    return this.#messages
  }
}
