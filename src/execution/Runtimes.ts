/** The runtime as an executor: hands each turn to the wire that its agent's runtime speaks. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RuntimeProtocol } from "../domain/RuntimeProtocol.ts"
import * as AgUiExecutor from "./ag-ui/AgUiExecutor.ts"
import { Executor, type Turn } from "./Executor.ts"
import * as ResponsesExecutor from "./responses/ResponsesExecutor.ts"
import * as LangGraphExecutor from "./langgraph/LangGraphExecutor.ts"
import * as RuntimeExecutor from "./runtime/RuntimeExecutor.ts"
import * as RuntimeAttachments from "./RuntimeAttachments.ts"
import { endpointOf, type MakeWire, protocolOf, type RuntimeSettings } from "./RuntimeSettings.ts"
import type { UpstreamHttp } from "./UpstreamHttp.ts"

const target = "runtime"

const span = (turn: Turn) => ({
  name: "invoke_agent",
  attributes: {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": target,
    "gen_ai.agent.id": turn.agent.id,
    "gen_ai.conversation.id": turn.sessionId,
  },
})

export const layer = (settings: RuntimeSettings): Layer.Layer<Executor, never, UpstreamHttp> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      const made = yield* Effect.all({
        agent2ui: RuntimeExecutor.make(settings),
        "ag-ui": AgUiExecutor.make(settings),
        langgraph: LangGraphExecutor.make(settings),
        responses: ResponsesExecutor.make(settings),
      } satisfies Record<RuntimeProtocol, ReturnType<MakeWire>>)
      const execute: Executor["Service"]["execute"] = (turn) =>
        made[protocolOf(settings, turn.agent)].execute(turn, endpointOf(settings, turn.agent))
      return Executor.of({
        mode: "runtime_orchestrator",
        target,
        attachments: (agent) => RuntimeAttachments.rulesOf(settings, agent),
        filesFrom: (turn) => RuntimeAttachments.earlierOf(settings, turn),
        span,
        execute,
      })
    }),
  )
