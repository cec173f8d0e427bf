/** The targets of both modes as they are configured, first choice first. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AnswerCache } from "./direct/AnswerCache.ts"
import * as KeptAnswers from "./direct/KeptAnswers.ts"
import * as OpenAiExecutor from "./direct/OpenAiExecutor.ts"
import type { ProviderSettings } from "./direct/Providers.ts"
import type { Executor } from "./Executor.ts"
import { Modes } from "./Modes.ts"
import * as RuntimeExecutor from "./runtime/RuntimeExecutor.ts"
import type { UpstreamHttp } from "./UpstreamHttp.ts"

export interface Settings {
  readonly runtimes: ReadonlyArray<RuntimeExecutor.Settings>
  readonly providers: ReadonlyArray<ProviderSettings>
  /** Organisations whose direct answers are kept. */
  readonly cacheOrgs: ReadonlySet<string>
}

/** The packages of providers with a wire of their own are for those who have one. */
const loaded = Effect.promise(() => import("./direct/DirectExecutor.ts"))

const driverOf = (provider: ProviderSettings): Layer.Layer<Executor, never, UpstreamHttp> => {
  const { kind } = provider
  return kind === "openai-compatible" || kind === "sandbox"
    ? OpenAiExecutor.layer(provider)
    : Layer.unwrap(Effect.map(loaded, (DirectExecutor) => DirectExecutor.layer({ ...provider, kind })))
}

export const layer = ({
  cacheOrgs,
  providers,
  runtimes,
}: Settings): Layer.Layer<Modes, never, AnswerCache | UpstreamHttp> =>
  Modes.layer<never, AnswerCache | UpstreamHttp>([
    ...runtimes.map(RuntimeExecutor.layer),
    ...providers.map((one) => KeptAnswers.around(driverOf(one), one, cacheOrgs)),
  ])
