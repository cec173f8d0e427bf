/** The end of a run: its failure, usage and interrupts. Pure. */
import type { Usage } from "../../domain/Outcome.ts"
import { type ExecutionError, UpstreamCancelled, UpstreamFailed, UpstreamGarbled } from "../ExecutionError.ts"
import type { AgUiCalls, Call } from "./AgUiCalls.ts"
import * as AgUiInterrupts from "./AgUiInterrupts.ts"
import type { EventOf } from "./AgUiWire.ts"

const upstream = "runtime"
/** Longer than a code for users may be, so a code that is cut never becomes one. */
const longestCode = 100

export const cancelled = new UpstreamCancelled({ upstream })

/** The runtime sent its failure as the text of an answer. */
export const saidAsText = new UpstreamFailed({ upstream, code: "", message: "", detail: "said as text" })

export const tooManyArguments = new UpstreamGarbled({
  upstream,
  detail: "arguments of calls are too large",
  called: true,
})

const cancelCodes: ReadonlySet<string> = new Set(["EXECUTION_CANCELLED", "CANCELLED", "ABORTED"])

/** The code may be any text, such as the name of a class. The message is for operators only. */
export const failureOf = ({ code = "", message }: EventOf<"RUN_ERROR">): ExecutionError =>
  cancelCodes.has(code.toUpperCase())
    ? cancelled
    : new UpstreamFailed({ upstream, code: code.slice(0, longestCode), message })

export const usageOf = (usage: EventOf<"RUN_FINISHED">["usage"]): Usage | undefined => {
  if (usage === undefined || usage.length === 0) return undefined
  let inputTokens = 0
  let outputTokens = 0
  let total = 0
  for (const each of usage) {
    inputTokens += each.inputTokens ?? 0
    outputTokens += each.outputTokens ?? 0
    total += each.totalTokens ?? 0
  }
  const tokens = inputTokens + outputTokens
  if (![inputTokens, outputTokens, total].every((count) => Number.isSafeInteger(count) && count >= 0))
    return undefined
  if (tokens > 0) return { tokens, inputTokens, outputTokens }
  return total > 0 ? { tokens: total } : undefined
}

const onlyOne = (calls: ReadonlyArray<Call>): Call | undefined => (calls.length === 1 ? calls[0] : undefined)

/** The interrupts of a run that finished. The outcome also lists those of the custom events. */
export const interruptsOf = (
  { outcome }: EventOf<"RUN_FINISHED">,
  custom: ReadonlyArray<EventOf<"CUSTOM">>,
  calls: AgUiCalls,
): ReadonlyArray<AgUiInterrupts.Waiting> => {
  const only = onlyOne(calls.waiting)
  if (outcome?.type === "interrupt" && outcome.interrupts.length > 0) {
    const call = outcome.interrupts.length === 1 ? only : undefined
    return outcome.interrupts.map((interrupt) =>
      AgUiInterrupts.ofOutcome(
        interrupt,
        interrupt.toolCallId === undefined ? call : calls.get(interrupt.toolCallId),
      ),
    )
  }
  if (custom.length > 0) {
    const call = custom.length === 1 ? only : undefined
    return custom.map((event, index) => AgUiInterrupts.ofCustom(event, index, call))
  }
  const pending = outcome?.type === "success" ? outcome.pendingToolCallIds : undefined
  const waiting = pending === undefined ? calls.waiting : pending.flatMap((id) => calls.get(id) ?? [])
  return waiting.map(AgUiInterrupts.ofCall)
}
