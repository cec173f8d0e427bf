/** The two ways a turn can be executed. The values are the contract's, so they are also what is stored and shown. */
import * as Schema from "effect/Schema"

export const ExecutionMode = Schema.Literals(["runtime_orchestrator", "direct_llm"])
export type ExecutionMode = typeof ExecutionMode.Type
