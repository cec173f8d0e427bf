/**
 * The direct providers of the environment: `DIRECT_LLM_PROVIDERS=a,b` with the variables of each, or a single
 * well-known API key. Pure; its problems join those of `Config.ts` in one message.
 */
import * as Redacted from "effect/Redacted"
import { providerVariables as variables } from "./ConfigProviderVariables.ts"
import type { Variable } from "./ConfigVariable.ts"
import type { AttachmentKind } from "../domain/Attachment.ts"
import { type DirectProvider, plainRequests } from "../domain/DirectProvider.ts"
import { azureAt, type Preset, presets, type RequestSettings } from "../domain/ProviderPreset.ts"

/** Used when only an API key is set: each provider's small general model, which an agent's own `model` overrides. */
const wellKnown = [
  { variable: "OPENAI_API_KEY", name: "openai", model: "gpt-5-mini" },
  { variable: "ANTHROPIC_API_KEY", name: "anthropic", model: "claude-haiku-4-5" },
] as const

type Environment = Readonly<Record<string, string | undefined>>
interface Problem {
  readonly variable: string
  readonly found: string
  readonly allowed: string
}

/** Reads the variables of one provider and collects their problems. */
const readerOf = (name: string, env: Environment, problems: Array<Problem>) => {
  const get = (part: string) => env[`DIRECT_LLM_${name.toUpperCase()}_${part}`]?.trim() ?? ""
  const complain = (part: keyof typeof variables, allowed: string) => {
    const text = get(part)
    const { secret }: Variable<unknown> = variables[part]
    // An address may contain credentials or a key.
    const shown = JSON.stringify(text.replace(/\/\/[^/@]*@/, "//…@").replace(/\?.*/s, "?…"))
    const found = text === "" ? "nothing" : secret ? `a value of ${text.length} characters` : shown
    problems.push({ variable: `DIRECT_LLM_${name.toUpperCase()}_${part}`, found, allowed })
  }
  const optional = <A>(part: keyof typeof variables, { allowed, parse }: Variable<A>): A | undefined => {
    const value = get(part) === "" ? undefined : parse(get(part))
    if (value === undefined && get(part) !== "") complain(part, allowed)
    return value
  }
  const required = <A>(part: keyof typeof variables, variable: Variable<A>): A | undefined => {
    if (get(part) === "") complain(part, variable.allowed)
    return optional(part, variable)
  }
  return { optional, required }
}

const flag = (text: "true" | "false" | undefined) => (text === undefined ? undefined : text === "true")

const withText = (
  kinds: ReadonlyArray<AttachmentKind> | undefined,
): ReadonlyArray<AttachmentKind> | undefined =>
  kinds === undefined || kinds.includes("text") ? kinds : [...kinds, "text"]

/** A given setting overrides the preset's. */
const merged = (
  given: { readonly [Key in keyof RequestSettings]: RequestSettings[Key] | undefined },
  preset: Partial<RequestSettings>,
): RequestSettings => ({
  headers: given.headers ?? {},
  query: { ...preset.query, ...given.query },
  apiKeyHeader: given.apiKeyHeader ?? preset.apiKeyHeader,
  maxTokensField: given.maxTokensField ?? preset.maxTokensField ?? plainRequests.maxTokensField,
  streamUsage: given.streamUsage ?? preset.streamUsage ?? plainRequests.streamUsage,
  attachments: given.attachments ?? preset.attachments ?? plainRequests.attachments,
  temperature: given.temperature ?? preset.temperature ?? plainRequests.temperature,
})

const readOne = (name: string, env: Environment, problems: Array<Problem>): DirectProvider => {
  const { optional, required } = readerOf(name, env, problems)
  const kind = required("KIND", variables.KIND)
  // An unknown kind is already a problem; the preset of ollama requires nothing else.
  const preset: Preset = presets[kind ?? "ollama"]
  const ownUrl = (preset.baseUrl === undefined ? required : optional)("BASE_URL", variables.BASE_URL)
  const model = required("MODEL", variables.MODEL) ?? ""
  const given = {
    headers: optional("HEADERS", variables.HEADERS),
    query: optional("QUERY", variables.QUERY),
    apiKeyHeader: optional("API_KEY_HEADER", variables.API_KEY_HEADER),
    maxTokensField: optional("MAX_TOKENS_FIELD", variables.MAX_TOKENS_FIELD),
    streamUsage: flag(optional("STREAM_USAGE", variables.STREAM_USAGE)),
    attachments: withText(optional("ATTACHMENTS", variables.ATTACHMENTS)),
    temperature: flag(optional("TEMPERATURE", variables.TEMPERATURE)),
  }
  const at =
    kind === "azure" && ownUrl !== undefined
      ? azureAt(ownUrl, given.query ?? {})
      : { baseUrl: ownUrl, requests: preset.requests }
  const requests = merged(given, at.requests)
  const inHeaders = ["authorization", requests.apiKeyHeader ?? ""].some(
    (header) => header in requests.headers,
  )
  const apiKey = (preset.needsKey && !inHeaders ? required : optional)("API_KEY", variables.API_KEY)
  const isWire = kind === preset.kind
  return {
    name,
    kind: preset.kind,
    baseUrl: at.baseUrl ?? (isWire ? undefined : preset.baseUrl),
    apiKey,
    model,
    ...requests,
  }
}

/** The variables of the listed providers. */
export const providerVariableNames = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.flatMap((name) => Object.keys(variables).map((part) => `DIRECT_LLM_${name.toUpperCase()}_${part}`))

export const readProviders = (
  names: ReadonlyArray<string>,
  env: Environment,
): { readonly providers: ReadonlyArray<DirectProvider>; readonly problems: ReadonlyArray<Problem> } => {
  const problems: Array<Problem> = []
  const bad = names.filter((name) => !/^\w+$/.test(name))
  // Names that differ only in case would share their variables.
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
  const providers = wellKnown.flatMap(({ model, name, variable }): ReadonlyArray<DirectProvider> => {
    const key = env[variable]?.trim()
    if (!key) return []
    const requests = { ...plainRequests, ...presets[name].requests }
    return [{ name, kind: name, model, baseUrl: undefined, apiKey: Redacted.make(key), ...requests }]
  })
  return { providers, problems }
}
