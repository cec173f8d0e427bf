/**
 * Liveness means that the process answers. Readiness means that it accepts turns: the store answers, a mode has a
 * target, and no shutdown has started.
 */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Api } from "../api/Api.ts"
import { ok } from "../api/Envelope.ts"
import type { Readiness } from "../api/HealthApi.ts"
import { Modes } from "../execution/Modes.ts"
import { RuntimeHealth } from "../execution/RuntimeHealth.ts"
import { StoreHealth } from "../store/StoreHealth.ts"
import { Shutdown } from "../runs/Shutdown.ts"

type Part = (typeof Readiness.Type)["parts"]["store"]

/** The route is public, so the runtime is asked at most once in this time. */
const askAgainAfter = "1 second"

export const layer = (sandbox: (typeof Readiness.Type)["sandbox"]) =>
  HttpApiBuilder.group(
    Api,
    "health",
    Effect.fnUntraced(function* (handlers) {
      const modes = yield* Modes
      const storeHealth = yield* StoreHealth
      const runtimeHealth = yield* Effect.cachedWithTTL((yield* RuntimeHealth).check, askAgainAfter)
      const stopping = yield* Shutdown
      const direct: Part = { status: modes.targets("direct_llm").length > 0 ? "healthy" : "not_configured" }

      const readiness = Effect.gen(function* () {
        const store: Part = { status: (yield* storeHealth.isUp) ? "healthy" : "unhealthy" }
        const runtime: Part = { status: yield* runtimeHealth }
        const configured = direct.status === "healthy" || modes.targets("runtime_orchestrator").length > 0
        const taking = yield* Effect.isSuccess(stopping.open)
        const ready = store.status === "healthy" && configured && taking
        return { ready, parts: { store, runtime, direct }, ...(sandbox === undefined ? {} : { sandbox }) }
      })

      return handlers.handleAll({
        live: () => Effect.succeed(ok({ status: "alive" as const })),
        ready: () =>
          Effect.map(readiness, (found) =>
            HttpServerResponse.jsonUnsafe(ok(found), { status: found.ready ? 200 : 503 }),
          ),
      })
    }),
  )
