/**
 * `crossfade doctor`: checks everything that the service of this environment needs, and says what to do. It runs
 * without the service and beside it, and creates nothing.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as StageSettings from "../app/StageSettings.ts"
import * as Config from "../config/Config.ts"
import { UpstreamHttp } from "../execution/UpstreamHttp.ts"
import * as UpstreamProxy from "../execution/UpstreamProxy.ts"
import * as AddressRules from "./doctor/AddressRules.ts"
import * as Check from "./doctor/Check.ts"
import * as DatabaseChecks from "./doctor/DatabaseChecks.ts"
import { textOf } from "./doctor/DoctorText.ts"
import { summaryOf } from "./doctor/Finding.ts"
import * as FolderChecks from "./doctor/FolderChecks.ts"
import { hideSecrets } from "./doctor/HiddenSecrets.ts"
import * as PortChecks from "./doctor/PortChecks.ts"
import * as ProcessChecks from "./doctor/ProcessChecks.ts"
import * as ReachChecks from "./doctor/ReachChecks.ts"
import * as RedisChecks from "./doctor/RedisChecks.ts"
import * as SecretChecks from "./doctor/SecretChecks.ts"
import * as ServiceChecks from "./doctor/ServiceChecks.ts"
import * as UpstreamChecks from "./doctor/UpstreamChecks.ts"
import { exitCodes } from "./ExitCode.ts"
import { Failed } from "./Explained.ts"

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

const run = Effect.fnUntraced(function* (env: Config.Environment, json: boolean) {
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

export const doctor = Command.make(
  "doctor",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the findings as JSON"),
      Flag.withDefault(false),
    ),
  },
  ({ json }) => run(process.env, json),
).pipe(
  Command.withDescription(
    "Check everything that the service of this environment needs: ports, data folder, secrets, database, Redis, runtime, providers, clocks and proxies. Sends one tiny message to the runtime and to each provider. The exit code is 1 if a check failed.",
  ),
)
