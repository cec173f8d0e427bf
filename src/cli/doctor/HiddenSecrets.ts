/**
 * Removes the environment's secrets from the findings. A driver's or a proxy's error may repeat an address with its
 * password. Pure.
 */
import { type Environment, variables } from "../../config/Config.ts"
import { webhookVariables } from "../../config/ConfigNotify.ts"
import { providerVariables } from "../../config/ConfigProviderVariables.ts"
import type { Variable } from "../../config/ConfigVariable.ts"
import type { Finding } from "./Finding.ts"

/** A shorter text occurs by chance, such as `none`. */
const shortest = 6

const secretNames = (table: Readonly<Record<string, Variable<unknown>>>): ReadonlyArray<string> =>
  Object.entries(table).flatMap(([name, { secret }]) => (secret === true ? [name] : []))

const main = new Set(secretNames(variables))
const ofWebhooks = secretNames(webhookVariables)
const ofProviders = secretNames(providerVariables)

const isSecret = (name: string): boolean =>
  main.has(name.toUpperCase()) ||
  name === "CROSSFADE_TOKEN" ||
  (name.startsWith("DIRECT_LLM_") && ofProviders.some((part) => name.endsWith(`_${part}`))) ||
  (name.startsWith("NOTIFY_") && ofWebhooks.some((part) => name.endsWith(`_${part}`)))

/** The parts of a value that may stand alone: the items of a list, the values of headers, an address's password. */
const partsOf = (value: string): ReadonlyArray<string> => {
  const password = /:\/\/[^/@]*:([^/@]+)@/.exec(value)?.[1]
  const pieces = value.split(/[\s,;"]|: ?|=(?=.)/)
  const all = [value, ...pieces, ...(password === undefined ? [] : [password, decoded(password)])]
  return all.map((one) => one.trim()).filter((one) => one.length >= shortest)
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Ordinary parts of addresses and headers, which show where a problem is. */
const isOrdinary = (part: string): boolean =>
  /^(Bearer|authorization|x-[a-z-]+)$/i.test(part) || /^\/\/[^@]*$/.test(part)

export const hideSecrets = (env: Environment, findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const secrets = Object.entries(env)
    .filter(([name]) => isSecret(name))
    .flatMap(([, value]) => partsOf(value ?? ""))
    .filter((part) => !isOrdinary(part))
    .toSorted((a, b) => b.length - a.length)
  const hide = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), text)
  return findings.map((finding) => ({
    ...finding,
    seen: hide(finding.seen),
    advice: finding.advice === null ? null : hide(finding.advice),
  }))
}
