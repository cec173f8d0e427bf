/** The runtime as an executor: hands each turn to the wire that its agent's runtime speaks. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { RuntimeProtocol } from "../domain/RuntimeProtocol.ts"
import * as AgUiExecutor from "./ag-ui/AgUiExecutor.ts"
import { UpstreamMisconfigured } from "./ExecutionError.ts"
import { Executor, type Turn } from "./Executor.ts"
import * as RuntimeExecutor from "./runtime/RuntimeExecutor.ts"
import { endpointOf, type MakeWire, protocolOf, type RuntimeSettings } from "./RuntimeSettings.ts"
import type { UpstreamHttp } from "./UpstreamHttp.ts"

const wires: Partial<Record<RuntimeProtocol, MakeWire>> = {
  agent2ui: RuntimeExecutor.make,
  "ag-ui": AgUiExecutor.make,
}

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
      const made = new Map(
        yield* Effect.forEach(Object.entries(wires), ([protocol, make]) =>
          Effect.map(make(settings), (wire) => [protocol, wire] as const),
        ),
      )
      const execute: Executor["Service"]["execute"] = (turn) => {
        const wire = made.get(protocolOf(settings, turn.agent))
        return wire === undefined
          ? Stream.fail(new UpstreamMisconfigured({ upstream: target, status: 501 }))
          : wire.execute(turn, endpointOf(settings, turn.agent))
      }
      return Executor.of({ mode: "runtime_orchestrator", target, span, execute })
    }),
  )
