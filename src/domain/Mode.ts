/** The two execution modes of a turn. The values are part of the contract, in the store and in views. */
import * as Schema from "effect/Schema"

export const ExecutionMode = Schema.Literals(["runtime_orchestrator", "direct_llm"])
export type ExecutionMode = typeof ExecutionMode.Type
