/** The tokens of a run: the sum over its messages. Plain code, one per response. */
import type { Usage } from "../../domain/Outcome.ts"
import type { JsonRecord } from "../direct/JsonRead.ts"
import { usageOf } from "../TokenCounts.ts"

const sum = (one: Usage, other: Usage): Usage => ({
  tokens: one.tokens + other.tokens,
  ...(one.inputTokens === undefined && other.inputTokens === undefined
    ? {}
    : { inputTokens: (one.inputTokens ?? 0) + (other.inputTokens ?? 0) }),
  ...(one.outputTokens === undefined && other.outputTokens === undefined
    ? {}
    : { outputTokens: (one.outputTokens ?? 0) + (other.outputTokens ?? 0) }),
})

export class LangGraphUsage {
  readonly #messages = new Map<string, Usage>()

  /** Parts of a message add up. A whole message has the total. */
  add(messageId: string, usage: JsonRecord | undefined, isPart: boolean): void {
    const own = usage === undefined ? undefined : usageOf(usage)
    if (own === undefined) return
    const before = isPart ? this.#messages.get(messageId) : undefined
    this.#messages.set(messageId, before === undefined ? own : sum(before, own))
  }

  get total(): Usage | undefined {
    const all = [...this.#messages.values()]
    return all.length === 0 ? undefined : all.reduce(sum)
  }
}
