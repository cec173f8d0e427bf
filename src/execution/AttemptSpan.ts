/**
 * The span of an attempt: a child of its turn's span, or of the caller's if nothing is exported. The upstream's spans are
 * its children. Names and attributes `gen_ai.*` follow OpenTelemetry's conventions for generative AI.
 */
import * as Effect from "effect/Effect"
import type { Attempt } from "../domain/Run.ts"
import * as Spans from "../telemetry/Spans.ts"
import type { Executor, Turn } from "./Executor.ts"

/** A shadow's span is the root of its own trace, because the turn does not wait for it. */
export const open = (executor: Executor["Service"], turn: Turn, number: number) =>
  Spans.whenTraced(turn.trace, () => opened(executor, turn, number))

const opened = (executor: Executor["Service"], turn: Turn, number: number) => {
  const { attributes, name } = executor.span?.(turn) ?? { name: "attempt", attributes: {} }
  const relation = turn.shadow ? { parent: undefined, link: turn.trace } : { parent: turn.trace }
  return Spans.open(name, {
    ...relation,
    kind: "client",
    attributes: {
      ...attributes,
      "crossfade.attempt": number,
      "crossfade.mode": executor.mode,
      "crossfade.target": executor.target,
      "crossfade.shadow": turn.shadow,
      "crossfade.probe": turn.probe,
      "crossfade.run.id": turn.runId,
      "crossfade.org.id": turn.orgId,
    },
  })
}

export const close = (span: Spans.SpanContext | undefined, attempt: Attempt) => {
  if (!Spans.isOpen(span)) return Effect.void
  const since = (at: number | null) => (at === null ? undefined : at - attempt.startedAt)
  return Spans.close(span, {
    error: attempt.code ?? undefined,
    attributes: {
      "crossfade.outcome": attempt.outcome,
      "crossfade.time_to_first_progress_ms": since(attempt.firstProgressAt),
      "crossfade.time_to_first_content_ms": since(attempt.firstContentAt),
      "gen_ai.response.model": attempt.model ?? undefined,
      "gen_ai.usage.input_tokens": attempt.usage?.inputTokens,
      "gen_ai.usage.output_tokens": attempt.usage?.outputTokens,
    },
  })
}
