/**
 * Prints `.env.example` from the table in `src/Config.ts`: `node scripts/env-example.ts > .env.example`, with Node 24.
 * `test/config/EnvExample.test.ts` compares. Every variable is commented out, so a copy changes nothing until it is edited.
 */
import { variables } from "../src/Config.ts"
import { providerKinds } from "../src/domain/DirectProvider.ts"
import type { Variable } from "../src/ConfigVariable.ts"

type Name = keyof typeof variables
type Lines = ReadonlyArray<string>

/** The heading that stands before a variable; the table's own order is kept. */
const headings: { readonly [Key in Name]?: string } = {
  NODE_ENV: "The service",
  AUTH_JWT_SECRET: "Who may call it",
  CHAT_EXECUTION_MODE: "Which mode answers",
  CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "When the runtime is left alone",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "The life of an answer",
  RATE_LIMIT_USER_PER_MIN: "How much is let in, and a planned stop",
  DIRECT_LLM_PROVIDERS: "Direct LLM providers",
  SANDBOX_RUNTIME_PORT: "The sandbox",
  OTEL_EXPORTER_OTLP_ENDPOINT: "What it tells of itself",
}

/** Secrets have no default. A signing secret that everybody can read here must not work, so this one is too short. */
const fakeSecrets: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://crossfade:not-a-password@localhost:5432/crossfade",
  REDIS_URL: "redis://:not-a-password@localhost:6379",
  AUTH_JWT_SECRET: "replace-me",
  OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=not-a-key",
  OPENAI_API_KEY: "sk-not-a-key",
  ANTHROPIC_API_KEY: "sk-ant-not-a-key",
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
  return [
    ...comment(variable.about),
    ...comment(`Allowed: ${variable.allowed}`),
    ...comment(`Default: ${variable.default === "" ? "empty" : variable.default}`),
    `#${name}=${example}`,
    "",
  ]
}

/** The variables of one provider; `MAIN` stands for any name. */
const provider: Lines = [
  ...comment("A provider named MAIN in DIRECT_LLM_PROVIDERS:"),
  ...comment(`Allowed: ${providerKinds.join(" | ")}`),
  "#DIRECT_LLM_MAIN_KIND=openai-compatible",
  ...comment("Needed for openai-compatible; for the others it replaces the provider's own address."),
  "#DIRECT_LLM_MAIN_BASE_URL=https://llm.example/v1",
  ...comment("Needed for openai, anthropic and google."),
  "#DIRECT_LLM_MAIN_API_KEY=sk-not-a-key",
  ...comment(
    "Answers for agents that name no model of their own; the first provider takes an agent's own model.",
  ),
  "#DIRECT_LLM_MAIN_MODEL=a-model",
  "",
]

/** The whole file. */
export const envExample = (): string => {
  const lines = [
    ...comment(
      "Every environment variable of Crossfade, with its default. Printed by scripts/env-example.ts: do not edit.",
    ),
    ...comment("An empty value means that the variable is not set."),
    "",
  ]
  for (const [name, variable] of Object.entries(variables) as ReadonlyArray<[Name, Variable<unknown>]>) {
    const heading = headings[name]
    if (heading !== undefined) lines.push(`# --- ${heading} ---`, "")
    lines.push(...entry(name, variable))
    if (name === "DIRECT_LLM_PROVIDERS") lines.push(...provider)
  }
  return lines.join("\n")
}

if (import.meta.main) process.stdout.write(envExample())
