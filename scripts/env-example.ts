/**
 * Prints `.env.example` from the table in `src/config/Config.ts`: `node scripts/env-example.ts > .env.example`, with
 * Node 24. `test/config/EnvExample.test.ts` compares. Every variable is commented out, so a copy changes nothing
 * until it is edited.
 */
import { variables } from "../src/config/Config.ts"
import { webhookVariables } from "../src/config/ConfigNotify.ts"
import { providerVariables } from "../src/config/ConfigProviderVariables.ts"
import type { Variable } from "../src/config/ConfigVariable.ts"

type Name = keyof typeof variables
type Lines = ReadonlyArray<string>

/** The heading before a variable; the table's own order is kept. */
const headings: { readonly [Key in Name]?: string } = {
  NODE_ENV: "The service",
  DATA_KEY: "Secrets of agents, and private hosts that agents may name",
  AUTH_JWT_SECRET: "Authentication, browsers and pages",
  CHAT_EXECUTION_MODE: "Choice of the mode, and shadows",
  CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "Thresholds for leaving the runtime",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "Limits of a turn",
  RATE_LIMIT_USER_PER_MIN: "Admission, and the shutdown",
  PUBLIC_URL: "Images and files",
  DIRECT_LLM_PROVIDERS: "Direct LLM providers",
  NOTIFY_WEBHOOKS: "Notifications for the people on call",
  HTTP_PROXY: "A forward proxy",
  SANDBOX_RUNTIME_PORT: "The sandbox",
  OTEL_EXPORTER_OTLP_ENDPOINT: "Telemetry",
}

/** Secrets have no default. A public key must not work, so these are too short. */
const fakeSecrets: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://crossfade:not-a-password@localhost:5432/crossfade",
  REDIS_URL: "redis://:not-a-password@localhost:6379",
  DATA_KEY: "replace-me",
  DATA_KEYS_PREVIOUS: "replace-me",
  AUTH_JWT_SECRET: "replace-me",
  AUTH_JWT_PREVIOUS_SECRETS: "replace-me",
  AUTH_OPERATOR_SECRET: "replace-me",
  AUTH_OPERATOR_PREVIOUS_SECRETS: "replace-me",
  CONSOLE_OIDC_CLIENT_SECRET: "replace-me",
  FILES_S3_ACCESS_KEY_ID: "not-a-key",
  FILES_S3_SECRET_ACCESS_KEY: "replace-me",
  OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=not-a-key",
  RUNTIME_HEADERS: "authorization: Bearer not-a-key",
  OPENAI_API_KEY: "sk-not-a-key",
  ANTHROPIC_API_KEY: "sk-ant-not-a-key",
  HTTP_PROXY: "http://proxy.example:3128",
  HTTPS_PROXY: "http://proxy.example:3128",
}

const width = 116

const comment = (text: string): Lines => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? ""
    if (last.length + word.length + 3 > width) lines.push(word)
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`
  }
  return lines.map((line) => `# ${line}`)
}

const entry = (name: string, variable: Omit<Variable<unknown>, "parse">): Lines => {
  const example = variable.secret ? fakeSecrets[name] : variable.default
  if (example === undefined)
    throw new Error(`${name} is secret and has no fake example in scripts/env-example.ts`)
  return [...comment(variable.about), `#${name}=${example}`, ""]
}

/** Values of one provider that fit together. */
const providerExamples: Readonly<Record<keyof typeof providerVariables, string>> = {
  KIND: "openai-compatible",
  BASE_URL: "https://llm.example/v1",
  API_KEY: "sk-not-a-key",
  MODEL: "a-model",
  HEADERS: "x-team: chat",
  QUERY: "api-version=1",
  API_KEY_HEADER: "authorization",
  MAX_TOKENS_FIELD: "max_tokens",
  STREAM_USAGE: "true",
  TEMPERATURE: "true",
  ATTACHMENTS: "image,text",
}

/** The variables of one provider; `MAIN` stands for any name. */
const provider: Lines = [
  ...comment(
    "A provider named MAIN in DIRECT_LLM_PROVIDERS. Empty: the default of its kind; _KIND and _MODEL are always required.",
  ),
  ...Object.entries<Variable<unknown>>(providerVariables).flatMap(([part, { about }]) => [
    ...comment(about),
    `#DIRECT_LLM_MAIN_${part}=${providerExamples[part as keyof typeof providerVariables]}`,
  ]),
  "",
]

/** Values of one webhook that fit together. The key is no usable one. */
const webhookExamples: Readonly<Record<keyof typeof webhookVariables, string>> = {
  URL: "https://hooks.example/crossfade",
  FORM: "json",
  SECRET: "whsec_replace-me",
}

/** The variables of one webhook; `ONCALL` stands for any name. */
const webhook: Lines = [
  ...comment("A webhook named ONCALL in NOTIFY_WEBHOOKS."),
  ...Object.entries<Variable<unknown>>(webhookVariables).flatMap(([part, { about }]) => [
    ...comment(about),
    `#NOTIFY_ONCALL_${part}=${webhookExamples[part as keyof typeof webhookVariables]}`,
  ]),
  "",
]

/** The whole file. */
export const envExample = (): string => {
  const lines = [
    ...comment(
      "All environment variables of Crossfade with their defaults; keys and passwords are fake examples. Printed by scripts/env-example.ts: do not edit. docs/reference/configuration.md lists the allowed values. An empty value means that the variable is not set.",
    ),
    "#",
    ...comment(
      "`npm start` and every `crossfade` command read a copy of this file named .env in the folder that they start in. Variables of the process override it. Quote a value that contains a #.",
    ),
    "",
  ]
  for (const [name, variable] of Object.entries(variables) as ReadonlyArray<[Name, Variable<unknown>]>) {
    const heading = headings[name]
    if (heading !== undefined) lines.push(`# --- ${heading} ---`, "")
    lines.push(...entry(name, variable))
    if (name === "DIRECT_LLM_PROVIDERS") lines.push(...provider)
    if (name === "NOTIFY_WEBHOOKS") lines.push(...webhook)
  }
  return lines.join("\n")
}

if (import.meta.main) process.stdout.write(envExample())
