/**
 * The runtime and the direct providers, each with a real tiny execution: the message `ping` of the prober, which a
 * runtime sees as `metadata.probe`. It costs a few tokens.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as StageSettings from "../../app/StageSettings.ts"
import type { Settings } from "../../config/Config.ts"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as DirectExecutor from "../../execution/direct/DirectExecutor.ts"
import type { ProviderSettings } from "../../execution/direct/Providers.ts"
import type { ExecutionError } from "../../execution/ExecutionError.ts"
import { Executor } from "../../execution/Executor.ts"
import * as ProbeTurn from "../../execution/ProbeTurn.ts"
import { RuntimeHealth } from "../../execution/RuntimeHealth.ts"
import * as Runtimes from "../../execution/Runtimes.ts"
import type { UpstreamHttp } from "../../execution/UpstreamHttp.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"
import { findingOf, limitRefused, mayBeOfLimit, type Variables } from "./UpstreamAdvice.ts"

type Needs = SecureRandom.SecureRandom | UpstreamHttp

const runtimeVariables: Variables = {
  address: "RUNTIME_SERVICE_URL",
  key: "RUNTIME_HEADERS",
  model: "RUNTIME_AGENT",
  limit: "",
}

const providerVariables = ({ name }: ProviderSettings): Variables => {
  const of = (part: string) => `DIRECT_LLM_${name.toUpperCase()}_${part}`
  return { address: of("BASE_URL"), key: of("API_KEY"), model: of("MODEL"), limit: of("MAX_TOKENS_FIELD") }
}

/** Many providers refuse a limit below 16. */
const tokens = ProbeTurn.defaultTokens

const executed = (
  check: string,
  what: string,
  layer: Layer.Layer<Executor, never, UpstreamHttp>,
): Effect.Effect<Finding, ExecutionError, Needs> =>
  Effect.gen(function* () {
    const executor = Context.get(yield* Layer.build(layer), Executor)
    const [duration] = yield* Effect.timed(ProbeTurn.run(executor, tokens))
    return ok(check, `${what} answered "ping" in ${Math.round(Duration.toMillis(duration))} ms`)
  }).pipe(Effect.scoped)

const health = (settings: Settings): Effect.Effect<Finding, never, UpstreamHttp> =>
  Effect.gen(function* () {
    const { check } = yield* RuntimeHealth
    const status = yield* check
    return status === "healthy"
      ? ok("runtime health", "healthy")
      : failed(
          "runtime health",
          `its health check (${settings.RUNTIME_HEALTH_PATH || settings.RUNTIME_PROTOCOL}) found it unhealthy`,
          "Start the runtime, or correct RUNTIME_SERVICE_URL, RUNTIME_PROTOCOL or RUNTIME_HEALTH_PATH.",
        )
  }).pipe(Effect.provide(RuntimeHealth.layer(StageSettings.runtimeHealth(settings))))

const one = <R>(finding: Effect.Effect<Finding, never, R>) => Effect.map(finding, (found) => [found])

const runtime = (settings: Settings): ReadonlyArray<Check<Needs>> =>
  StageSettings.runtimes(settings).flatMap((target) => [
    { name: "runtime health", run: one(health(settings)) },
    {
      name: "runtime",
      run: one(
        Effect.catch(
          executed("runtime", `a probe over ${target.protocol}`, Runtimes.layer(target)),
          (error) => Effect.succeed(findingOf("runtime", error, runtimeVariables)),
        ),
      ),
    },
  ])

/** Reasoning models may refuse the field or so small a number. Turns send a limit only for agents that set one. */
const provided = (provider: ProviderSettings): Effect.Effect<Finding, never, Needs> => {
  const check = `provider ${provider.name}`
  const variables = providerVariables(provider)
  const call = (settings: ProviderSettings) =>
    executed(check, `the model ${provider.model}`, DirectExecutor.layer(settings))
  return call(provider).pipe(
    Effect.catch((refusal) =>
      mayBeOfLimit(refusal)
        ? Effect.as(call({ ...provider, maxTokensField: "none" }), limitRefused(check, refusal, variables))
        : refusal,
    ),
    Effect.catch((error) => Effect.succeed(findingOf(check, error, variables))),
  )
}

const providers = (settings: Settings): ReadonlyArray<Check<Needs>> =>
  StageSettings.providers(settings).map((provider) => ({
    name: `provider ${provider.name}`,
    run: one(provided(provider)),
  }))

const nothing: Check = {
  name: "upstreams",
  run: Effect.succeed([
    warning(
      "upstreams",
      "neither a runtime nor a provider is configured; `crossfade serve` starts its sandbox",
      "Set RUNTIME_SERVICE_URL, DIRECT_LLM_PROVIDERS, or both.",
    ),
  ]),
}

export const checks = (settings: Settings): ReadonlyArray<Check<Needs>> =>
  settings.sandbox ? [nothing] : [...runtime(settings), ...providers(settings)]
