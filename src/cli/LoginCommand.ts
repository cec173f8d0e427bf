/** `crossfade login` and `crossfade logout`: stores an address and a token, so that other commands need neither. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { success } from "../api/Envelope.ts"
import * as ConfigCommands from "../config/ConfigCommands.ts"
import { isTrustworthy } from "../domain/WebAddress.ts"
import { withShownDefault } from "./DefaultFlag.ts"
import { secret } from "./Ask.ts"
import { didYouMean } from "./DidYouMean.ts"
import { explained, UsageError } from "./Explained.ts"
import { jsonFlag, print, say } from "./Output.ts"
import * as Profile from "./Profile.ts"
import { send, type Service } from "./ServiceClient.ts"
import { defaultProfile, defaultUrl, isToken, serviceIn } from "./ServiceChoice.ts"

const profileFlag = Flag.String("profile").pipe(
  Flag.withMetavar("NAME"),
  Flag.withSchema(
    Schema.String.check(
      Schema.isPattern(/^[A-Za-z0-9][\w.-]{0,63}$/, {
        message: "Expected letters, digits and . _ -, with a letter or a digit first",
      }),
    ),
  ),
  withShownDefault("Name of the profile", defaultProfile),
)

const anyData = success(Schema.Json)

/** The service accepts the token, for this read or only for others. */
const verified = (service: Service) =>
  Effect.catchTag(
    send(service, HttpClientRequest.get("/api/v1/chat/sessions/counts"), anyData),
    "ServiceRefused",
    (refused) => (refused.code === "AUTH_PERMISSION_DENIED" ? Effect.void : refused),
  )

const logIn = Effect.fnUntraced(function* (flags: {
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted<string>>
  readonly profile: string
  readonly json: boolean
}) {
  const { json, profile, url } = flags
  const settings = ConfigCommands.read(process.env)
  const profiles = yield* Profile.read(settings)
  const token = Option.isSome(flags.token) ? flags.token.value : yield* secret(`Token for ${url}: `)
  if (!isToken(token))
    return yield* new UsageError({
      message: "Expected a token without spaces and line breaks: paste it, or pipe it to this command.",
    })
  const service = serviceIn({ url, token, profile: undefined }, settings, profiles)
  if (service instanceof UsageError) return yield* service
  if (!isTrustworthy(new URL(service.url)))
    yield* say(
      `Warning: ${service.url} is not encrypted, so others on the network can read the token. Use https.`,
    )
  yield* verified(service)
  const stored = { url: service.url, token: Redacted.value(token) }
  const file = yield* Profile.write(settings, { ...profiles, [profile]: stored })
  yield* print(json, { profile, url: service.url, file }, () => [
    `Logged in to ${service.url} as profile ${profile}, stored in ${file}.`,
  ])
})

export const login = Command.make(
  "login",
  {
    url: Flag.String("url").pipe(
      Flag.withMetavar("URL"),
      withShownDefault("Address of the service", defaultUrl),
    ),
    token: Flag.Redacted("token").pipe(
      Flag.withDescription(
        "The token (default: standard input, or a question, so that no history stores it)",
      ),
      Flag.withMetavar("TOKEN"),
      Flag.optional,
    ),
    profile: profileFlag,
    json: jsonFlag,
  },
  (flags) => explained(Effect.provide(logIn(flags), NodeHttpClient.layerUndici)),
).pipe(
  Command.withDescription(
    "Store the address and the token of a service, after a call with them has succeeded. Other commands then need no flags.",
  ),
  Command.withExamples([
    { command: "crossfade login --url https://chat.example", description: "Asks for the token" },
    {
      command: "crossfade token --org ops --user olga --permissions 'operator:*' | crossfade login",
      description: "On the machine of the service",
    },
  ]),
)

const logOut = Effect.fnUntraced(function* ({
  json,
  profile,
}: {
  readonly json: boolean
  readonly profile: string
}) {
  const settings = ConfigCommands.read(process.env)
  const profiles = yield* Profile.read(settings)
  const removed = Profile.profileOf(profiles, profile)
  const { [profile]: _removed, ...others } = profiles
  if (removed === undefined)
    return yield* new UsageError({
      message: `There is no profile ${profile}. ${didYouMean(profile, Object.keys(others))}`,
    })
  const file = yield* Profile.write(settings, others)
  yield* print(json, { profile, url: removed.url, file }, () => [
    `Removed the profile ${profile} of ${removed.url}. Its token stays valid until it expires.`,
  ])
})

export const logout = Command.make("logout", { profile: profileFlag, json: jsonFlag }, (flags) =>
  explained(logOut(flags)),
).pipe(Command.withDescription("Remove a stored address and token."))
