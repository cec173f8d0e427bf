/**
 * Builds a run's account from its events, added in order: a page of its chain, the steps and calls that began on that page,
 * and the longest silence. Holds no message outside the page.
 */
import type { Message, MessageType } from "../protocol/agent2ui/Message.ts"
import type { FailedPlace } from "../protocol/agent2ui/Pairing.ts"
import type { ChainLink } from "../domain/RunAccount.ts"
import { jsonBytes, pageBytes } from "../domain/Page.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import { Links } from "./ExecutionChain.ts"

const chainTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  "plan",
  "plan_step",
  "tool_call",
  "tool_result",
  "skill_call",
  "skill_result",
  "mcp_call",
  "mcp_result",
  "fallback",
  "retract",
  "interrupt",
  "error",
])

/** Bytes of the times that a link gets at its end. */
const endBytes = 60

export class RunChain {
  readonly chain: Array<Message> = []
  longestSilenceMs: number | null = null
  /** The position of the last message of the page, if more follow. */
  next: number | null = null
  hasEvents = false
  readonly #links = new Links()
  readonly #after: number
  readonly #limit: number
  #bytes = 0
  #last: { readonly seq: number; readonly links: number } | undefined
  #firstLink = 0
  #lastAt: number | undefined

  /** The page: at most `limit` messages after the position `after`. */
  constructor(after: number, limit: number) {
    this.#after = after
    this.#limit = limit
  }

  static of(entries: Iterable<LogEntry>, after: number, limit: number): RunChain {
    const chain = new RunChain(after, limit)
    for (const entry of entries) chain.add(entry)
    return chain
  }

  add({ event, seq }: LogEntry): void {
    this.hasEvents = true
    if (event.event === "message") this.#add(event.data, seq)
  }

  /** The steps and calls that began on the page. `end`: the place of the run's error, once the run has ended. */
  execution(end?: FailedPlace): ReadonlyArray<ChainLink> {
    if (end !== undefined) this.#links.end(end)
    return this.#links.slice(this.#firstLink, this.#last?.links ?? this.#firstLink)
  }

  #add(message: Message, seq: number): void {
    this.#time(Date.parse(message.timestamp))
    const before = this.#links.count
    this.#links.add(message)
    if (!chainTypes.has(message.type)) return
    if (seq <= this.#after) this.#firstLink = this.#links.count
    else if (this.next === null) this.#take(message, seq, before)
  }

  #take(message: Message, seq: number, firstLink: number): void {
    const links = this.#links.slice(firstLink, this.#links.count)
    this.#bytes += jsonBytes(message) + jsonBytes(links) + endBytes * links.length
    const isFull = this.chain.length === this.#limit || this.#bytes > pageBytes
    if (isFull && this.#last !== undefined) {
      this.next = this.#last.seq
      return
    }
    this.chain.push(message)
    this.#last = { seq, links: this.#links.count }
  }

  #time(at: number): void {
    if (this.#lastAt !== undefined)
      this.longestSilenceMs = Math.max(this.longestSilenceMs ?? Number.NEGATIVE_INFINITY, at - this.#lastAt)
    this.#lastAt = at
  }
}
