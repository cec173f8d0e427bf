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

/** A value with the place that it comes from, which a refusal names. */
interface Given<A> {
  readonly source: string
  readonly value: A
}

const given = <A>(source: string, value: A | undefined): Given<A> | undefined =>
  value === undefined ? undefined : { source, value }

const checkedUrl = ({ source, value }: Given<string>): string | UsageError => {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return new UsageError({ message: `${source}: expected an address such as https://chat.example` })
  return value.replace(/\/+$/, "")
}

/** A header takes no line break, such as the one at the end of a file. */
export const isToken = (token: Redacted.Redacted<string>): boolean => /^[!-~]+$/.test(Redacted.value(token))

const checkedToken = ({ source, value }: Given<Redacted.Redacted<string>>) =>
  isToken(value)
    ? value
    : new UsageError({ message: `${source}: expected a token without spaces and line breaks` })

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
  const stored = `profile ${name}`
  const url = checkedUrl(
    given("--url", choice.url) ??
      given(stored, named?.url) ??
      given("CROSSFADE_URL", settings.url) ??
      given(stored, profile?.url) ?? { source: "default", value: defaultUrl },
  )
  if (url instanceof UsageError) return url
  // The token of a profile goes to the address of that profile only.
  const tokenAt = (from: typeof profile) =>
    from?.url === url ? given(stored, Redacted.make(from.token)) : undefined
  const chosen =
    given("--token", choice.token) ??
    tokenAt(named) ??
    given("CROSSFADE_TOKEN", settings.token) ??
    tokenAt(profile)
  if (chosen === undefined) return noToken
  const token = checkedToken(chosen)
  return token instanceof UsageError ? token : { url, token }
}
