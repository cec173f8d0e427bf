/**
 * Chooses the address and the token of a command. Pure. The first source that has a value wins:
 * 1. `--url` and `--token`
 * 2. the profile that `--profile` names
 * 3. the environment
 * 4. the profile `default`
 * 5. for the address only: the default address
 */
import * as Redacted from "effect/Redacted"
import { didYouMean } from "./DidYouMean.ts"
import { UsageError } from "./Explained.ts"
import type { CommandSettings } from "../config/ConfigCommands.ts"
import { profileOf, type Profiles } from "./Profile.ts"
import type { Service } from "./ServiceClient.ts"

export const defaultUrl = "http://localhost:3001"
export const defaultProfile = "default"

export interface Choice {
  readonly url: string | undefined
  readonly token: Redacted.Redacted<string> | undefined
  readonly profile: string | undefined
}

const checkedUrl = (text: string): string | UsageError => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return new UsageError({ message: "--url: expected an address such as https://chat.example" })
  return text.replace(/\/+$/, "")
}

const noToken = new UsageError({
  message: "There is no token for this service. Run `crossfade login`, or set CROSSFADE_TOKEN.",
})

/** Nothing of a profile is used, so its file may be missing or broken. */
export const isComplete = (choice: Choice, settings: CommandSettings): boolean =>
  choice.profile === undefined &&
  (choice.url ?? settings.url) !== undefined &&
  (choice.token ?? settings.token) !== undefined

export const serviceIn = (
  choice: Choice,
  settings: CommandSettings,
  profiles: Profiles,
): Service | UsageError => {
  const name = choice.profile ?? defaultProfile
  const profile = profileOf(profiles, name)
  if (choice.profile !== undefined && profile === undefined)
    return new UsageError({
      message: `--profile: there is no profile ${name}. ${didYouMean(name, Object.keys(profiles))}`,
    })
  const named = choice.profile === undefined ? undefined : profile
  const url = checkedUrl(choice.url ?? named?.url ?? settings.url ?? profile?.url ?? defaultUrl)
  if (typeof url !== "string") return url
  // The token of a profile goes to the address of that profile only.
  const tokenAt = (stored: typeof profile) => (stored?.url === url ? Redacted.make(stored.token) : undefined)
  const token = choice.token ?? tokenAt(named) ?? settings.token ?? tokenAt(profile)
  return token === undefined ? noToken : { url, token }
}
