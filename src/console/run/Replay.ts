/** The state of a run at a time after its start, from its events. The same reducer as in a chat makes the answer. */
import type { ChatEvent } from "../../client/Contract.ts"
import { type Answer, type Conversation, emptyConversation, reduce } from "../../client/Conversation.ts"

/** The milliseconds from the start of the run to each event. An end has no time of its own. */
export const timesOf = (
  events: ReadonlyArray<ChatEvent>,
  startedAt: number,
  endedAt: number | null,
): ReadonlyArray<number> => {
  let last = 0
  return events.map((event) => {
    const at = event.event === "message" ? Date.parse(event.data.timestamp) : (endedAt ?? startedAt + last)
    // The clocks of two replicas differ, and time must not run backwards.
    last = Math.max(last, at - startedAt)
    return last
  })
}

/** The number of events up to a time. */
export const countAt = (times: ReadonlyArray<number>, ms: number): number => {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) <= ms) low = middle + 1
    else high = middle
  }
  return low
}

const answerOf = ({ messages }: Conversation): Answer | undefined => {
  const [first] = messages
  return first?.role === "assistant" ? first : undefined
}

/** Steps forward at the cost of the new events only. A step back begins again. */
export class Replay {
  #conversation = emptyConversation
  #count = 0

  answerAt(events: ReadonlyArray<ChatEvent>, count: number): Answer | undefined {
    if (count < this.#count) {
      this.#conversation = emptyConversation
      this.#count = 0
    }
    while (this.#count < count) {
      const event = events[this.#count]
      if (event === undefined) break
      this.#conversation = reduce(this.#conversation, event)
      this.#count += 1
    }
    return answerOf(this.#conversation)
  }
}
