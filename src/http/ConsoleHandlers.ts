/** The settings of the console and its sign-in. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Api } from "../api/Api.ts"
import type { Clocks, Code } from "../api/ConsoleApi.ts"
import { ok } from "../api/Envelope.ts"
import { defaultAgentId } from "../domain/Agent.ts"
import type { SignInSettings } from "../domain/SignInSettings.ts"
import { answering, nothingHere } from "./ErrorMapping.ts"
import * as IdentityProvider from "./IdentityProvider.ts"

export interface ConsoleFacts {
  readonly version: string
  /** Empty: none. */
  readonly traceUrl: string
  readonly signIn: SignInSettings | undefined
  readonly clocks: Clocks
}

const fresh = { headers: { "cache-control": "no-store" } }

export const layer = ({ clocks, signIn, traceUrl, version }: ConsoleFacts) =>
  HttpApiBuilder.group(
    Api,
    "console",
    Effect.fnUntraced(function* (handlers) {
      const provider = signIn === undefined ? undefined : yield* IdentityProvider.make(signIn)
      const facts = { version, defaultAgentId, traceUrl: traceUrl === "" ? null : traceUrl, clocks }
      const settings = Effect.gen(function* () {
        if (signIn === undefined || provider === undefined) return ok({ ...facts, signIn: null })
        return ok({ ...facts, signIn: { issuer: signIn.issuer, ...(yield* provider.links) } })
      })
      const exchanged = (code: Code) =>
        provider === undefined
          ? nothingHere
          : answering(
              Effect.map(provider.exchange(code), (token) => HttpServerResponse.jsonUnsafe(ok(token), fresh)),
            )
      return handlers.handleAll({ settings: () => settings, signIn: ({ payload }) => exchanged(payload) })
    }),
  )
