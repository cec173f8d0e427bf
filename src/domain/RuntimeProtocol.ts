/** The wire protocol of an agent runtime. Each has its folder in `execution`; `agent2ui` is `execution/runtime`. */
import * as Schema from "effect/Schema"

export const runtimeProtocols = ["agent2ui", "ag-ui", "langgraph", "responses"] as const
export const RuntimeProtocol = Schema.Literals(runtimeProtocols)
export type RuntimeProtocol = typeof RuntimeProtocol.Type

/**
 * An agent's place at the runtime, where it differs from the configured one. `path` replaces the path of
 * `RUNTIME_SERVICE_URL`; the host stays, so no agent can send the runtime's headers elsewhere.
 */
export const AgentRuntime = Schema.Struct({
  protocol: Schema.optionalKey(RuntimeProtocol),
  path: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^\/(?![/\\])[^\s?#\\]{0,1000}$/, {
        message: "Expected a path that starts with one /, without query, fragment or white space",
      }),
    ),
  ),
  /** Instead of `RUNTIME_AGENT`: LangGraph's assistant or graph id, or the model name of a Responses server. */
  agent: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 1000))),
})
export type AgentRuntime = typeof AgentRuntime.Type
