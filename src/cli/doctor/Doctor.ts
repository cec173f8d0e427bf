/** All checks of `crossfade doctor`, and their report. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Console from "effect/Console"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as StageSettings from "../../app/StageSettings.ts"
import * as Config from "../../config/Config.ts"
import { UpstreamHttp } from "../../execution/UpstreamHttp.ts"
import * as UpstreamProxy from "../../execution/UpstreamProxy.ts"
import * as AddressRules from "./AddressRules.ts"
import * as Check from "./Check.ts"
import * as DatabaseChecks from "./DatabaseChecks.ts"
import { textOf } from "./DoctorText.ts"
import { summaryOf } from "./Finding.ts"
import * as FolderChecks from "./FolderChecks.ts"
import { hideSecrets } from "./HiddenSecrets.ts"
import * as PortChecks from "./PortChecks.ts"
import * as ProcessChecks from "./ProcessChecks.ts"
import * as ReachChecks from "./ReachChecks.ts"
import * as RedisChecks from "./RedisChecks.ts"
import * as SecretChecks from "./SecretChecks.ts"
import * as ServiceChecks from "./ServiceChecks.ts"
import * as UpstreamChecks from "./UpstreamChecks.ts"
import { exitCodes } from "../ExitCode.ts"
import { Failed } from "../Explained.ts"

interface Read {
  readonly settings: Config.Settings | undefined
  readonly problems: Config.ConfigInvalid["problems"]
}

const without = (env: Config.Environment, names: ReadonlyArray<string>): Config.Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))

/**
 * The settings of an environment with problems are those without its bad variables, and then without NODE_ENV, so that
 * everything else is checked too.
 */
const read = (env: Config.Environment): Effect.Effect<Read> =>
  Effect.matchEffect(Config.read(env), {
    onSuccess: (settings) => Effect.succeed({ settings, problems: [] }),
    onFailure: ({ problems }) => {
      const bad = problems.map(({ variable }) => variable)
      return Config.read(without(env, bad)).pipe(
        Effect.catch(() => Config.read(without(env, [...bad, "NODE_ENV"]))),
        Effect.match({
          onFailure: () => ({ settings: undefined, problems }),
          onSuccess: (settings) => ({ settings, problems }),
        }),
      )
    },
  })

type Needs = HttpClient.HttpClient | SecureRandom.SecureRandom | UpstreamHttp

const environmentChecks = (settings: Config.Settings): ReadonlyArray<Check.Check<Needs>> => [
  ...PortChecks.checks(settings),
  ...FolderChecks.checks(settings),
  ...SecretChecks.checks(settings),
  ...DatabaseChecks.checks(settings),
  ...RedisChecks.checks(settings),
  ...ReachChecks.checks(settings),
  ...UpstreamChecks.checks(settings),
  ...ServiceChecks.checks(settings),
  { name: "addresses", run: Effect.sync(() => AddressRules.addresses(settings)) },
]

/** The connections of the service itself, with its proxies. */
const connections = (settings: Config.Settings) =>
  Layer.provide(
    Layer.merge(NodeHttpClient.layerUndiciNoDispatcher, UpstreamHttp.layerDispatched),
    UpstreamProxy.layer(StageSettings.proxy(settings)),
  )

const examine = Effect.fnUntraced(function* (env: Config.Environment) {
  const { problems, settings } = yield* read(env)
  const own = yield* Check.runAll(ProcessChecks.checks(settings, problems))
  if (settings === undefined) return own
  const others = yield* Effect.provide(Check.runAll(environmentChecks(settings)), connections(settings))
  return [...own, ...others]
})

export const run = Effect.fnUntraced(function* (env: Config.Environment, json: boolean) {
  // The drivers would log each of their problems, which are findings here.
  const timed = yield* Effect.provideService(examine(env), References.MinimumLogLevel, "None")
  const findings = hideSecrets(
    env,
    timed.map(({ finding }) => finding),
  )
  const summary = summaryOf(findings)
  const folder = process.cwd()
  const mode = Config.modeOf(env)
  const checks = findings.map((finding, index) => ({ ...finding, ms: timed[index]?.ms ?? 0 }))
  yield* Console.log(
    json
      ? JSON.stringify({ ok: summary.failed === 0, folder, mode, summary, checks }, null, 2)
      : textOf(folder, mode, findings),
  )
  if (summary.failed > 0) return yield* new Failed({ code: exitCodes.failed.code })
})
