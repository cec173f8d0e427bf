/**
 * All environment variables of the service: name, default, unit, range. No other file in `src` reads the environment.
 * `.env.example` is printed from this table, and a test holds the two together.
 *
 * Invariant: an invalid environment stops the start with ONE message that names each bad variable, its value and the
 * allowed values (`ConfigInvalid`). The message never repeats a secret.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../domain/Mode.ts"
import { authProblems, authVariables } from "./ConfigAuth.ts"
import { browserVariables } from "./ConfigBrowser.ts"
import { chatVariables } from "./ConfigChat.ts"
import { consoleProblems, consoleVariables } from "./ConfigConsole.ts"
import { deletionVariables } from "./ConfigDeletion.ts"
import { fileProblems, fileVariables } from "./ConfigFiles.ts"
import { admissionVariables, databaseVariables } from "./ConfigFleet.ts"
import { pageProblems, pageVariables } from "./ConfigPages.ts"
import { proxyVariables } from "./ConfigProxy.ts"
import { monitorVariables } from "./ConfigMonitor.ts"
import { notifyVariables, readWebhooks, unreadNotifyVariables } from "./ConfigNotify.ts"
import { quotaVariables } from "./ConfigQuotas.ts"
import { readLimitVariables } from "./ConfigReads.ts"
import { secretProblems, secretVariables } from "./ConfigSecrets.ts"
import { telemetryVariables } from "./ConfigTelemetry.ts"
import { runtimeVariables } from "./ConfigRuntime.ts"
import { workerProblems, workerVariables } from "./ConfigWorkers.ts"
import { providerVariableNames, readProviders } from "./ConfigProviders.ts"
import { apiKeyAllowed, isHeaderValue, providerVariables } from "./ConfigProviderVariables.ts"
import { type UnknownVariable, unknownVariables } from "./ConfigUnknown.ts"
import type { DirectProvider } from "../domain/DirectProvider.ts"
import type { Webhook } from "../domain/Webhook.ts"
import { choice, list, millis, number, optionalText, port, type Variable } from "./ConfigVariable.ts"

export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.Array(
    Schema.Struct({ variable: Schema.String, found: Schema.String, allowed: Schema.String }),
  ),
}) {
  override get message(): string {
    const lines = this.problems.map((p) => `  ${p.variable}: found ${p.found}; allowed: ${p.allowed}`)
    return `The environment is not usable (${lines.length} ${lines.length === 1 ? "problem" : "problems"}):\n${lines.join("\n")}`
  }
}

/** Node refuses to send a header with other characters, so each turn would fail. */
const apiKey = (text: string) => (text === "" || isHeaderValue(text) ? text : undefined)

/** The variables, in the order of `.env.example`. */
export const variables = {
  NODE_ENV: choice(
    "`production` refuses to start without a signing secret of its own, and without a runtime or a provider.",
    ["development", "test", "production"],
  ),
  HOST: { ...optionalText("Address to listen on.", "an IP address or host name"), default: "127.0.0.1" },
  PORT: port("Port to listen on.", 3001),
  DATA_DIR: {
    ...optionalText(
      "Folder of the embedded database, of uploaded files, the generated signing secret and the generated data key.",
      "a path",
    ),
    default: "./data",
  },
  ...workerVariables,
  ...databaseVariables,
  ...deletionVariables,
  ...secretVariables,
  ...authVariables,
  ...browserVariables,
  ...pageVariables,
  ...consoleVariables,
  CHAT_EXECUTION_MODE: choice("Mode of a turn if no other rule applies.", [
    "direct_llm",
    "runtime_orchestrator",
  ] satisfies ReadonlyArray<ExecutionMode>),
  ...runtimeVariables,
  CHAT_RUNTIME_ENABLED_ORGS: {
    ...optionalText(
      "Organisations whose turns use the runtime regardless of CHAT_EXECUTION_MODE.",
      "empty, or at most 1000 ids of at most 200 characters separated by commas",
    ),
    parse: (text: string) =>
      list(text).length <= 1000 && list(text).every((id) => id.length <= 200) ? text : undefined,
  },
  CHAT_RUNTIME_PERCENT: number({
    default: 0,
    min: 0,
    max: 100,
    unit: "percent",
    about: "Share of the sessions on the runtime if no other rule applies. Holds for the life of a session.",
    integer: false,
  }),
  CHAT_RUNTIME_SHADOW_PERCENT: number({
    default: 0,
    min: 0,
    max: 100,
    unit: "percent",
    about: "Share of turns that also run in the other mode as a shadow.",
    integer: false,
  }),
  CHAT_RUNTIME_SHADOW_AA_PERCENT: number({
    default: 20,
    min: 0,
    max: 100,
    unit: "percent",
    about: "Share of these that run in their own mode again, to measure its own variation.",
    integer: false,
  }),
  SHADOW_STORE_TEXT: choice("Stores the texts of shadow pairs, not only their hashes.", ["false", "true"]),
  SHADOW_JUDGE_PROVIDER: optionalText(
    "Direct provider that judges which of two differing answers is better. It reads both texts.",
    "empty, or a name of DIRECT_LLM_PROVIDERS",
  ),
  ...monitorVariables,
  ...chatVariables,
  SSE_HEARTBEAT_INTERVAL_MS: millis("Time without events after which a reader gets a heartbeat.", 30_000, 10),
  ...admissionVariables,
  ...readLimitVariables,
  ...quotaVariables,
  ...fileVariables,
  DIRECT_LLM_PROVIDERS: optionalText(
    "Direct providers in the order of attempts. Each NAME has DIRECT_LLM_<NAME>_KIND, _MODEL and more (docs/reference/providers.md).",
    "empty, or names of letters, digits and _ separated by commas",
  ),
  OPENAI_API_KEY: {
    ...optionalText("Without DIRECT_LLM_PROVIDERS: enough to use OpenAI.", apiKeyAllowed),
    secret: true,
    parse: apiKey,
  },
  ANTHROPIC_API_KEY: {
    ...optionalText("Without DIRECT_LLM_PROVIDERS: enough to use Anthropic.", apiKeyAllowed),
    secret: true,
    parse: apiKey,
  },
  ...notifyVariables,
  ...proxyVariables,
  SANDBOX_RUNTIME_PORT: port("Port of the sandbox runtime (started when nothing else is configured).", 8801),
  SANDBOX_MODEL_PORT: port("Port of the sandbox model (started when nothing else is configured).", 8802),
  ...telemetryVariables,
} satisfies Record<string, Variable<unknown>>

type Variables = typeof variables
export type VariableName = keyof Variables
type Values = { readonly [Name in keyof Variables]: NonNullable<ReturnType<Variables[Name]["parse"]>> }

export interface Settings extends Omit<
  Values,
  | "AUTH_JWT_SECRET"
  | "AUTH_OPERATOR_SECRET"
  | "CHAT_RUNTIME_ENABLED_ORGS"
  | "CONSOLE_OIDC_CLIENT_SECRET"
  | "CORS_ALLOWED_ORIGINS"
  | "DATA_KEY"
  | "DATABASE_URL"
  | "DIRECT_CACHE_ORGS"
  | "FILES_S3_SECRET_ACCESS_KEY"
  | "HTTP_PROXY"
  | "HTTPS_PROXY"
  | "METRICS_ORG_LABELS"
  | "REDIS_URL"
> {
  readonly AUTH_JWT_SECRET: Redacted.Redacted<string> | undefined
  readonly AUTH_OPERATOR_SECRET: Redacted.Redacted<string> | undefined
  readonly CONSOLE_OIDC_CLIENT_SECRET: Redacted.Redacted<string> | undefined
  readonly DATA_KEY: Redacted.Redacted<string> | undefined
  readonly DATABASE_URL: Redacted.Redacted<string> | undefined
  readonly REDIS_URL: Redacted.Redacted<string> | undefined
  readonly FILES_S3_SECRET_ACCESS_KEY: Redacted.Redacted<string> | undefined
  readonly HTTP_PROXY: Redacted.Redacted<string> | undefined
  readonly HTTPS_PROXY: Redacted.Redacted<string> | undefined
  readonly DIRECT_CACHE_ORGS: ReadonlyArray<string>
  readonly METRICS_ORG_LABELS: ReadonlyArray<string>
  readonly CHAT_RUNTIME_ENABLED_ORGS: ReadonlyArray<string>
  readonly CORS_ALLOWED_ORIGINS: ReadonlyArray<string>
  readonly providers: ReadonlyArray<DirectProvider>
  readonly webhooks: ReadonlyArray<Webhook>
  /** The variables that the environment sets; all others have their defaults. */
  readonly given: ReadonlySet<VariableName>
  /** Values that cause a warning and count as not set. */
  readonly ignored: ReadonlyArray<Problem>
  /** Set variables that have no effect. */
  readonly unknown: ReadonlyArray<UnknownVariable>
  /** True if neither a runtime nor a provider is configured; the sandbox replaces both. */
  readonly sandbox: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>
type Problem = ConfigInvalid["problems"][number]

/** The mode of an environment that may have problems. */
export const modeOf = (env: Environment): string => env["NODE_ENV"]?.trim() || variables.NODE_ENV.default

interface Read {
  readonly values: Values
  readonly problems: ReadonlyArray<Problem>
  readonly ignored: ReadonlyArray<Problem>
}

const readVariables = (env: Environment): Read => {
  const problems: Array<Problem> = []
  const ignored: Array<Problem> = []
  const values = Object.fromEntries(
    Object.entries<Variable<unknown>>(variables).map(([name, variable]) => {
      // An empty line in an env file means "not set", as in all tools that read such files.
      const source = variable.lowerCase && env[name.toLowerCase()]?.trim() ? name.toLowerCase() : name
      const found = env[source]?.trim() || variable.default
      const value = variable.parse(found)
      if (value !== undefined) return [name, value]
      const isIgnored = variable.ignores?.(found) === true
      const unusable = isIgnored ? ignored : problems
      unusable.push({
        variable: source,
        found: variable.secret
          ? `a value of ${found.length} characters`
          : JSON.stringify(found.replace(/\/\/[^/@]*@/, "//…@")),
        allowed:
          variable.why === undefined ? variable.allowed : `${variable.allowed} (${variable.why(found)})`,
      })
      return [name, isIgnored ? variable.parse(variable.default) : undefined]
    }),
  ) as Values
  return { values, problems, ignored }
}

const redacted = (text: string) => (text === "" ? undefined : Redacted.make(text))

/** Reads a whole environment. Pure: the same environment gives the same settings or the same problems. */
export const read = (env: Environment): Effect.Effect<Settings, ConfigInvalid> => {
  const { ignored, problems, values } = readVariables(env)
  const names = list(values.DIRECT_LLM_PROVIDERS ?? "")
  const providers = readProviders(names, env)
  const webhooks = readWebhooks(values.NOTIFY_WEBHOOKS, env)
  const all = [
    ...problems,
    ...providers.problems,
    ...webhooks.problems,
    ...authProblems(values),
    ...secretProblems(values),
    ...pageProblems(values),
    ...consoleProblems(values),
    ...fileProblems(values),
    ...workerProblems(values),
  ]
  for (const variable of ["SHADOW_JUDGE_PROVIDER", "CHAT_TITLES"] as const) {
    const named = values[variable]
    if (named !== "" && !providers.providers.some(({ name }) => name === named))
      all.push({ variable, found: JSON.stringify(named), allowed: variables[variable].allowed })
  }
  const sandbox = values.RUNTIME_SERVICE_URL === "" && providers.providers.length === 0
  if (sandbox && values.NODE_ENV === "production") {
    all.push({
      variable: "RUNTIME_SERVICE_URL",
      found: "nothing, and no direct provider",
      allowed: "a runtime or a direct provider (NODE_ENV=production has no sandbox)",
    })
  }
  if (all.length > 0) return Effect.fail(new ConfigInvalid({ problems: all }))
  const usesDefaultMode = !env["CHAT_EXECUTION_MODE"]?.trim()
  const given = (Object.keys(variables) as Array<VariableName>).filter((name) => env[name]?.trim())
  return Effect.succeed({
    ...values,
    CHAT_EXECUTION_MODE: sandbox && usesDefaultMode ? "runtime_orchestrator" : values.CHAT_EXECUTION_MODE,
    AUTH_JWT_SECRET: redacted(values.AUTH_JWT_SECRET),
    AUTH_OPERATOR_SECRET: redacted(values.AUTH_OPERATOR_SECRET),
    CONSOLE_OIDC_CLIENT_SECRET: redacted(values.CONSOLE_OIDC_CLIENT_SECRET),
    DATA_KEY: redacted(values.DATA_KEY),
    DATABASE_URL: redacted(values.DATABASE_URL),
    REDIS_URL: redacted(values.REDIS_URL),
    FILES_S3_SECRET_ACCESS_KEY: redacted(values.FILES_S3_SECRET_ACCESS_KEY),
    HTTP_PROXY: redacted(values.HTTP_PROXY),
    HTTPS_PROXY: redacted(values.HTTPS_PROXY),
    DIRECT_CACHE_ORGS: list(values.DIRECT_CACHE_ORGS),
    METRICS_ORG_LABELS: list(values.METRICS_ORG_LABELS),
    CHAT_RUNTIME_ENABLED_ORGS: list(values.CHAT_RUNTIME_ENABLED_ORGS),
    CORS_ALLOWED_ORIGINS: list(values.CORS_ALLOWED_ORIGINS),
    providers: providers.providers,
    webhooks: webhooks.webhooks,
    given: new Set(given),
    ignored: [...ignored, ...unreadNotifyVariables(values.NOTIFY_WEBHOOKS, env)],
    unknown: unknownVariables(
      env,
      new Set([...Object.keys(variables), ...providerVariableNames(names)]),
      Object.keys(providerVariables),
    ),
    sandbox,
  })
}

export class Config extends Context.Service<Config, Settings>()("crossfade/config/Config") {
  static readonly layer = (env: Environment): Layer.Layer<Config, ConfigInvalid> =>
    Layer.effect(Config, read(env))
}
