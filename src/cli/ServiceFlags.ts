/** The flags of commands that call a running service. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as ConfigCommands from "../config/ConfigCommands.ts"
import { explained, UsageError } from "./Explained.ts"
import { endWithReader, jsonFlag } from "./Output.ts"
import * as Profile from "./Profile.ts"
import type { Service } from "./ServiceClient.ts"
import { defaultUrl, isComplete, serviceIn } from "./ServiceChoice.ts"

/** `permissions`: those that the token needs. */
export const serviceFlags = (permissions: string) => ({
  url: Flag.String("url").pipe(
    Flag.withDescription(
      `Address of the service (default: CROSSFADE_URL, then the profile's, then ${defaultUrl})`,
    ),
    Flag.withMetavar("URL"),
    Flag.optional,
  ),
  token: Flag.Redacted("token").pipe(
    Flag.withDescription(`A token with ${permissions} (default: CROSSFADE_TOKEN, then the profile's)`),
    Flag.withMetavar("TOKEN"),
    Flag.optional,
  ),
  profile: Flag.String("profile").pipe(
    Flag.withDescription("A profile of `crossfade login` (default: the one named default)"),
    Flag.withMetavar("NAME"),
    Flag.optional,
  ),
  json: jsonFlag,
})

export interface ServiceFlags {
  readonly url: Option.Option<string>
  readonly token: Option.Option<Redacted.Redacted<string>>
  readonly profile: Option.Option<string>
  readonly json: boolean
}

const serviceOf = Effect.fnUntraced(function* ({ profile, token, url }: ServiceFlags) {
  const choice = {
    url: Option.getOrUndefined(url),
    token: Option.getOrUndefined(token),
    profile: Option.getOrUndefined(profile),
  }
  const settings = ConfigCommands.read(process.env)
  const profiles = isComplete(choice, settings) ? {} : yield* Profile.read(settings)
  const found = serviceIn(choice, settings, profiles)
  return found instanceof UsageError ? yield* found : found
})

/** Runs a command against the service that its flags choose. */
export const calling = <A, E, R>(
  flags: ServiceFlags,
  use: (service: Service) => Effect.Effect<A, E, R | HttpClient.HttpClient>,
) =>
  Effect.andThen(
    endWithReader,
    explained(Effect.provide(Effect.flatMap(serviceOf(flags), use), NodeHttpClient.layerUndici)),
  )
