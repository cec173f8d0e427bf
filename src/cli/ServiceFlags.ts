/** The flags of commands that call a running service. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import { explained } from "./Explained.ts"
import type { Service } from "./ServiceClient.ts"

/** `permissions`: those that the token needs. */
export const serviceFlags = (permissions: string) => ({
  url: Flag.String("url").pipe(
    Flag.withDescription("Address of the service"),
    Flag.withMetavar("URL"),
    Flag.withDefault("http://localhost:3001"),
  ),
  token: Flag.Redacted("token").pipe(
    Flag.withDescription(`A token with ${permissions}; defaults to the environment's CROSSFADE_TOKEN`),
    Flag.withMetavar("TOKEN"),
    Flag.withFallbackConfig(Config.Redacted("CROSSFADE_TOKEN")),
  ),
})

interface Flags {
  readonly url: string
  readonly token: Redacted.Redacted<string>
}

export const serviceOf = ({ token, url }: Flags): Service => ({ token, url: url.replace(/\/+$/, "") })

export const calling = <A, E>(effect: Effect.Effect<A, E, HttpClient.HttpClient>) =>
  explained(Effect.provide(effect, NodeHttpClient.layerUndici))
