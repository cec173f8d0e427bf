/**
 * Chooses the service of a command: a flag wins over the environment, the environment over the profile `default`, and
 * that over the default address. A profile that `--profile` names counts as a flag. Pure.
 */
import * as Redacted from "effect/Redacted"
import { didYouMean } from "./DidYouMean.ts"
import { UsageError } from "./Explained.ts"
import { type Environment, profileOf, type Profiles } from "./Profile.ts"
import type { Service } from "./ServiceClient.ts"

export const defaultUrl = "http://localhost:3001"
export const defaultProfile = "default"

export interface Choice {
  readonly url: string | undefined
  readonly token: Redacted.Redacted<string> | undefined
  readonly profile: string | undefined
}

const given = (value: string | undefined): string | undefined => (value === "" ? undefined : value)

const checkedUrl = (text: string): string | UsageError => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return new UsageError({ message: "--url: expected an address such as https://chat.example" })
  return text.replace(/\/+$/, "")
}

const noToken = new UsageError({
  message: "There is no token for this service. Run `crossfade login`, or set CROSSFADE_TOKEN.",
})

export const serviceIn = (choice: Choice, env: Environment, profiles: Profiles): Service | UsageError => {
  const name = choice.profile ?? defaultProfile
  const profile = profileOf(profiles, name)
  if (choice.profile !== undefined && profile === undefined)
    return new UsageError({
      message: `--profile: there is no profile ${name}. ${didYouMean(name, Object.keys(profiles))}`,
    })
  const named = choice.profile === undefined ? undefined : profile
  const url = checkedUrl(
    choice.url ?? named?.url ?? given(env["CROSSFADE_URL"]) ?? profile?.url ?? defaultUrl,
  )
  if (typeof url !== "string") return url
  // The token of a profile goes to the address of that profile only.
  const tokenAt = (stored: typeof profile) => (stored?.url === url ? stored.token : undefined)
  const text = tokenAt(named) ?? given(env["CROSSFADE_TOKEN"]) ?? tokenAt(profile)
  const token = choice.token ?? (text === undefined ? undefined : Redacted.make(text))
  return token === undefined ? noToken : { url, token }
}
