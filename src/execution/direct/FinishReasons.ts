/**
 * The reasons for which models stop, and the verdict of each on the answer. Pure. All wires use this table, because
 * servers of one wire pass on the reasons of another.
 */
import type { FinishReason } from "../../domain/Outcome.ts"

/** `filtered`, `failed` and `unavailable` fail the answer, even after text. */
type Verdict = Exclude<FinishReason, "content_filter" | "interrupt"> | "filtered" | "failed" | "unavailable"

const words: { readonly [V in Verdict]: ReadonlyArray<string> } = {
  stop: [
    "stop",
    "stopped",
    "end",
    "end_turn",
    "stop_sequence",
    "eos",
    "eos_token",
    "end_of_turn",
    "end_of_text",
    "endoftext",
    "finish",
    "finished",
    "complete",
    "completed",
    "normal",
    "finish_reason_stop",
  ],
  length: [
    "length",
    "max_tokens",
    "max_output_tokens",
    "max_length",
    "token_limit",
    "max_completion_tokens",
    "model_length",
    "model_context_window_exceeded",
    "context_length",
    "context_length_exceeded",
    "repetition_truncation",
    "truncated",
    "continuation",
    "finish_reason_max_tokens",
  ],
  /** Tool calls and pauses, although the gateway sends no tools. Without text such an answer fails as empty. */
  other: [
    "other",
    "tool_calls",
    "tool_call",
    "tool_use",
    "function_call",
    "pause_turn",
    "compaction",
    "language",
    "unknown",
    "finish_reason_other",
  ],
  filtered: [
    "content_filter",
    "content_filtered",
    "contentfilter",
    "content_policy",
    "content_policy_violation",
    "filtered",
    "filter",
    "refusal",
    "refused",
    "sensitive",
    "safety",
    "moderation",
    "moderated",
    "guardrail",
    "guardrails",
    "guardrail_intervened",
    "recitation",
    "blocklist",
    "blocked",
    "prohibited_content",
    "spii",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
    "model_armor",
    "error_toxic",
    "toxic",
    "risk",
    "data_inspection_failed",
    "finish_reason_safety",
    "finish_reason_recitation",
  ],
  failed: [
    "error",
    "failed",
    "failure",
    "cancelled",
    "canceled",
    "abort",
    "aborted",
    "interrupted",
    "incomplete",
    "user_cancel",
    "user_cancelled",
    "unexpected_eos",
    "malformed_function_call",
    "malformed_tool_call",
    "malformed_tool_use",
    "malformed_model_output",
    "malformed_response",
    "unexpected_tool_call",
    "too_many_tool_calls",
    "missing_thought_signature",
    "no_image",
    "image_other",
    "error_limit",
  ],
  unavailable: [
    "network_error",
    "insufficient_system_resource",
    "insufficient_resource",
    "resource_exhausted",
    "server_error",
    "internal_error",
    "upstream_error",
    "timeout",
    "time_limit",
    "overloaded",
    "engine_overloaded",
    "service_unavailable",
  ],
}

const verdicts: ReadonlyArray<Verdict> = ["stop", "length", "other", "filtered", "failed", "unavailable"]
const table = new Map(verdicts.flatMap((verdict) => words[verdict].map((word) => [word, verdict] as const)))

/** Values that some servers send with every chunk until the model stops. */
const placeholders = new Set([
  "",
  "null",
  "none",
  "undefined",
  "nil",
  "finish_reason_unspecified",
  "in_progress",
  "not_finished",
])

export interface Finish {
  readonly verdict: Verdict
  /** The original reason if it is not in the table. */
  readonly unknown: string | undefined
}

/** Undefined until the model stops. */
export const finishOf = (reason: unknown): Finish | undefined => {
  if (typeof reason !== "string") return undefined
  // Gemini's compatible wire says `content_filter: RECITATION`.
  const [head = ""] = reason.toLowerCase().split(":")
  const word = head.trim().replaceAll(/[\s-]+/g, "_")
  if (placeholders.has(word)) return undefined
  const verdict = table.get(word)
  return verdict === undefined ? { verdict: "other", unknown: reason } : { verdict, unknown: undefined }
}
