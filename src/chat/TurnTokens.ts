/** The tokens that a turn counts against its budgets (decision 33), attempts that failed included. Pure. */
import type { Attempt } from "../domain/Run.ts"
import { estimateTextTokens, estimateTokens } from "../domain/TokenEstimate.ts"
import type { Turn } from "../execution/Executor.ts"

/** The upstream processed the prompt: it produced output, or the attempt ended while it was working. A refusal costs nothing. */
const hasWorked = ({ code, firstProgressAt, outcome }: Attempt): boolean =>
  firstProgressAt !== null || outcome.startsWith("timeout") || code === "EXECUTION_CANCELLED"

/** `shown`: the text of the turn at its end, which belongs to the last attempt. */
export const tokensOf = (
  { agent, history }: Pick<Turn, "agent" | "history">,
  attempts: ReadonlyArray<Attempt>,
  shown: string,
): number =>
  attempts.reduce((sum, attempt, index) => {
    const { usage } = attempt
    if (usage !== null) return sum + (usage.cached === true ? 0 : usage.tokens)
    if (!hasWorked(attempt)) return sum
    const answer = index === attempts.length - 1 ? estimateTextTokens(shown) : 0
    return sum + estimateTokens(agent, history, "") + answer
  }, 0)
