/** Variables that look like this service's own but have no effect: misspelt names, and those of unlisted providers. Pure. */
import { nearestName } from "../domain/NearestName.ts"

type Environment = Readonly<Record<string, string | undefined>>

export interface UnknownVariable {
  readonly variable: string
  readonly reason: string
  /** The known name that was probably meant. */
  readonly nearest: string | undefined
}

/** Names with these beginnings belong to this service. Other programs may use names such as `DATABASE_HOST`. */
const ownPrefixes = [
  "CHAT_",
  "CONSOLE_OIDC_",
  "DIRECT_LLM_",
  "RUNTIME_",
  "SANDBOX_",
  "SHADOW_",
  "AGENT2UI_",
  "AUTH_CLAIM_",
  "AUTH_JWT_",
  "AUTH_OPERATOR_",
  "FILES_",
  "RATE_LIMIT_",
  "TOKEN_BUDGET_",
]

/**
 * Kubernetes describes every service of a namespace, so one named `runtime` or `chat` adds such names
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). systemd sets
 * `RUNTIME_DIRECTORY`.
 */
const isForeign = (name: string, value: string): boolean =>
  /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$|^RUNTIME_DIRECTORY$/.test(name) ||
  (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value))

/** The provider's name in `DIRECT_LLM_<NAME>_<part>`. */
const providerOf = (name: string, parts: ReadonlyArray<string>): string | undefined => {
  const rest = /^DIRECT_LLM_(\w+)$/.exec(name)?.[1]
  const part = parts.find((one) => rest?.endsWith(`_${one}`))
  return rest === undefined || part === undefined ? undefined : rest.slice(0, -part.length - 1)
}

const reasonOf = (name: string, variable: string, parts: ReadonlyArray<string>): string => {
  if (name !== variable) return "a byte order mark or a blank surrounds its name"
  const provider = providerOf(name, parts)
  return provider === undefined
    ? "no variable has this name"
    : `DIRECT_LLM_PROVIDERS does not list ${provider.toLowerCase()}`
}

/** `known`: every name that is read. `parts`: the ends of the providers' names. */
export const unknownVariables = (
  env: Environment,
  known: ReadonlySet<string>,
  parts: ReadonlyArray<string>,
): ReadonlyArray<UnknownVariable> =>
  Object.entries(env).flatMap(([variable, value]) => {
    // An editor may begin a file with a byte order mark, which Node takes as part of the first name.
    const name = variable.trim()
    const isOwn = ownPrefixes.some((prefix) => name.toUpperCase().startsWith(prefix))
    const isMeant = isOwn || (name !== variable && known.has(name))
    if (!isMeant || known.has(variable) || !value?.trim() || isForeign(name, value)) return []
    return [{ variable: name, reason: reasonOf(name, variable, parts), nearest: nearestName(name, known) }]
  })
