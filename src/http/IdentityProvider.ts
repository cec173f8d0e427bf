/**
 * The identity provider of the console's sign-in: its discovery document, and the exchange of a code for a token. The routes are
 * public, so the number of requests to the provider at once is bounded.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { Code } from "../api/ConsoleApi.ts"
import { reasonOf } from "../domain/Reason.ts"
import type { SignInSettings } from "../domain/SignInSettings.ts"
import * as StateLine from "../telemetry/StateLine.ts"
import { boundedBody } from "./BoundedAnswer.ts"
import { SignInBusy, SignInRefused, SignInUnavailable } from "./SignInErrors.ts"
import * as Rules from "./SignInRules.ts"

const timeLimit = "5 seconds"
/** Without a provider, each page load would wait for it. */
const askAgainAfter = { found: "10 minutes", failed: "5 seconds" } as const
const mostAtOnce = 16
const mostBytes = 256 * 1024
/** Characters, in the log. */
const longestReason = 300

const decodeJson = Schema.decodeEffect(Schema.fromJsonString(Schema.Unknown))
const accept = "application/json"

/** RFC 6749, section 2.3.1: the id and the secret are encoded as in a form. */
const encoded = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

const requestOf = (settings: SignInSettings, { secretInBody, token }: Rules.Provider, code: Code) => {
  const { clientId, clientSecret } = settings
  const fields = Rules.tokenRequest(settings, code)
  const request = HttpClientRequest.post(token, { accept })
  if (clientSecret === undefined) return HttpClientRequest.bodyUrlParams(request, fields)
  const secret = Redacted.value(clientSecret)
  return secretInBody
    ? HttpClientRequest.bodyUrlParams(request, [...fields, ["client_secret", secret]])
    : request.pipe(
        HttpClientRequest.bodyUrlParams(fields),
        HttpClientRequest.basicAuth(encoded(clientId), encoded(secret)),
      )
}

export const make = Effect.fnUntraced(function* (settings: SignInSettings) {
  const client = yield* HttpClient.HttpClient
  const places = Semaphore.makeUnsafe(mostAtOnce)
  const state = StateLine.make({
    failing: (reason) => `the identity provider of the console cannot be used: ${reason}`,
    recovered: () => "the identity provider of the console can be used again",
  })
  /** The reason may have a part of the provider's answer. */
  const unavailable = (error: unknown) =>
    Effect.andThen(
      state.failed((typeof error === "string" ? error : reasonOf(error)).slice(0, longestReason)),
      new SignInUnavailable(),
    )

  /** A redirect is a failure, because only the configured address may name the others. */
  const sent = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
    const response = yield* client.execute(request)
    const text = yield* boundedBody(response.stream, mostBytes)
    return { status: response.status, text }
  }, Effect.timeout(timeLimit))

  const discovered = Effect.fnUntraced(function* () {
    const { status, text } = yield* sent(
      HttpClientRequest.get(Rules.discoveryUrl(settings.issuer), { accept }),
    )
    if (status !== 200) return yield* unavailable(`The discovery document has the status ${status}.`)
    const provider = Rules.providerOf(yield* decodeJson(text), settings)
    if (typeof provider === "string") return yield* unavailable(provider)
    yield* state.succeeded
    return provider
  })

  const cache = yield* Cache.makeWith(
    () => Effect.catchIf(discovered(), (error) => error._tag !== "SignInUnavailable", unavailable),
    {
      capacity: 1,
      timeToLive: (exit) => (Exit.isSuccess(exit) ? askAgainAfter.found : askAgainAfter.failed),
    },
  )
  const provider = Cache.get(cache, "provider")

  const exchange = Effect.fnUntraced(function* (code: Code) {
    const request = requestOf(settings, yield* provider, code)
    const { status, text } = yield* Effect.catch(sent(request), unavailable)
    const answer = Option.getOrUndefined(yield* Effect.option(decodeJson(text)))
    if (status !== 200) {
      const known = Rules.errorCodeOf(answer)
      if (known === undefined) return yield* unavailable(`The token endpoint has the status ${status}.`)
      const isOfUser = Rules.isOfUser(known)
      if (!isOfUser) yield* state.failed(`The token endpoint refuses the configured client: ${known}.`)
      const advice = isOfUser ? "Sign in again." : "An operator must correct the settings of the console."
      return yield* new SignInRefused({
        reason: `The identity provider refused the sign-in: ${known}. ${advice}`,
      })
    }
    yield* state.succeeded
    const now = yield* Clock.currentTimeMillis
    const found = Rules.tokenOf(answer, settings, { nonce: code.nonce, now })
    return "problem" in found ? yield* new SignInRefused({ reason: found.problem }) : found
  })

  return {
    /** Null while the provider does not answer. */
    links: Effect.match(provider, {
      onFailure: () => ({ authorizationUrl: null, signOutUrl: null }),
      onSuccess: (found) => ({
        authorizationUrl: Rules.authorizationUrl(found, settings),
        signOutUrl: Rules.signOutUrl(found, settings),
      }),
    }),
    exchange: (code: Code) =>
      Effect.flatMap(
        places.withPermitsIfAvailable(1)(exchange(code)),
        Option.match({ onNone: () => Effect.fail(new SignInBusy()), onSome: Effect.succeed }),
      ),
  }
})
