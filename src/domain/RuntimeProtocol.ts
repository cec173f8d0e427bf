/** The wire protocol of an agent runtime. Each has its folder in `execution`; `agent2ui` is `execution/runtime`. */
import * as Schema from "effect/Schema"

export const runtimeProtocols = ["agent2ui", "ag-ui", "langgraph", "responses"] as const
export const RuntimeProtocol = Schema.Literals(runtimeProtocols)
export type RuntimeProtocol = typeof RuntimeProtocol.Type

/**
 * An agent's place at the runtime, where it differs from the configured one. `path` is relative to `RUNTIME_SERVICE_URL`, as
 * links are, and cannot leave its folder: tenants may change their agents, and the runtime's headers go with each request.
 */
export const AgentRuntime = Schema.Struct({
  protocol: Schema.optionalKey(RuntimeProtocol),
  path: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^(?!\.{1,2}(?:\/|$))[\w.~-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*\/?$/, {
        message: "Expected a relative path of letters, digits and . _ ~ - such as agents/weather",
      }),
      Schema.isMaxLength(1000),
    ),
  ),
  /** Instead of `RUNTIME_AGENT`: LangGraph's assistant or graph id, or the model name of a Responses server. */
  agent: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 1000))),
})
export type AgentRuntime = typeof AgentRuntime.Type
