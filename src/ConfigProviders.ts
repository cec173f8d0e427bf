/**
 * The direct providers of the environment: `DIRECT_LLM_PROVIDERS=a,b` with four variables each, or one well-known API
 * key alone. Pure; the problems it finds join those of `Config.ts` in one message.
 */
import * as Redacted from "effect/Redacted"
import { type DirectProvider, plainRequests, providerKinds } from "./domain/DirectProvider.ts"

/** Used when an API key alone is set: each provider's small general model, which an agent's own `model` overrides. */
const wellKnown = [
  { variable: "OPENAI_API_KEY", name: "openai", kind: "openai", model: "gpt-5-mini" },
  { variable: "ANTHROPIC_API_KEY", name: "anthropic", kind: "anthropic", model: "claude-haiku-4-5" },
] as const

type Environment = Readonly<Record<string, string | undefined>>
interface Problem {
  readonly variable: string
  readonly found: string
  readonly allowed: string
}

const readOne = (name: string, env: Environment, problems: Array<Problem>): DirectProvider => {
  const get = (part: string) => env[`DIRECT_LLM_${name.toUpperCase()}_${part}`]?.trim() ?? ""
  const complain = (part: string, allowed: string) =>
    problems.push({
      variable: `DIRECT_LLM_${name.toUpperCase()}_${part}`,
      found:
        part === "API_KEY" || get(part) === ""
          ? "nothing"
          : JSON.stringify(get(part).replace(/\/\/[^/@]*@/, "//…@")),
      allowed,
    })
  const kind = providerKinds.find((known) => known === get("KIND"))
  if (kind === undefined) complain("KIND", providerKinds.join(" | "))
  const baseUrl = get("BASE_URL")
  const needsUrl = kind === "openai-compatible" || kind === "sandbox"
  if (baseUrl === "" ? needsUrl : !/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    complain(
      "BASE_URL",
      needsUrl ? "a URL with http:// or https://" : "empty, or a URL with http:// or https://",
    )
  }
  if (get("MODEL") === "") complain("MODEL", "the name of a model")
  const needsKey = kind === "openai" || kind === "anthropic" || kind === "google"
  if (needsKey && get("API_KEY") === "") complain("API_KEY", "an API key")
  return {
    name,
    kind: kind ?? "sandbox",
    baseUrl: baseUrl === "" ? undefined : baseUrl.replace(/\/+$/, ""),
    apiKey: get("API_KEY") === "" ? undefined : Redacted.make(get("API_KEY")),
    model: get("MODEL"),
    ...plainRequests,
  }
}

export const readProviders = (
  names: ReadonlyArray<string>,
  env: Environment,
): { readonly providers: ReadonlyArray<DirectProvider>; readonly problems: ReadonlyArray<Problem> } => {
  const problems: Array<Problem> = []
  const bad = names.filter((name) => !/^\w+$/.test(name))
  // Names that differ in case only would share their variables.
  const upper = names.map((name) => name.toUpperCase())
  // The name of the runtime's own target, in attempts and in errors.
  const taken = names.filter((name) => name === "runtime")
  const twice = names.filter((_, index) => upper.indexOf(upper[index] ?? "") !== index)
  if (bad.length > 0 || twice.length > 0 || taken.length > 0) {
    const found = JSON.stringify([...bad, ...twice, ...taken].join(","))
    problems.push({
      variable: "DIRECT_LLM_PROVIDERS",
      found,
      allowed: "names of letters, digits and _ separated by commas, each once, none of them runtime",
    })
    return { providers: [], problems }
  }
  if (names.length > 0) return { providers: names.map((name) => readOne(name, env, problems)), problems }
  const providers = wellKnown.flatMap(({ kind, model, name, variable }) => {
    const key = env[variable]?.trim()
    return key
      ? [{ name, kind, model, baseUrl: undefined, apiKey: Redacted.make(key), ...plainRequests }]
      : []
  })
  return { providers, problems }
}
