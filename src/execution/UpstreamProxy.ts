/**
 * Selects the connections to upstreams: direct, or through a forward proxy. The runtime, its files, its health check
 * and the providers share them.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Agent, EnvHttpProxyAgent } from "undici"

/** Values of the environment variables. Empty: none. */
export interface ProxySettings {
  readonly http: Redacted.Redacted<string> | undefined
  readonly https: Redacted.Redacted<string> | undefined
  /** Hosts that are called directly. */
  readonly except: string
}

export const direct: ProxySettings = { http: undefined, https: undefined, except: "" }

const revealed = (url: Redacted.Redacted<string> | undefined) =>
  url === undefined ? "" : Redacted.value(url)

/** undici itself reads the environment for every setting that is left out. */
const dispatcherOf = ({ except, http, https }: ProxySettings) =>
  http === undefined && https === undefined
    ? new Agent()
    : new EnvHttpProxyAgent({ httpProxy: revealed(http), httpsProxy: revealed(https), noProxy: except })

export const layer = (settings: ProxySettings): Layer.Layer<NodeHttpClient.Dispatcher> =>
  Layer.effect(
    NodeHttpClient.Dispatcher,
    Effect.acquireRelease(
      Effect.sync(() => dispatcherOf(settings)),
      (dispatcher) => Effect.promise(() => dispatcher.destroy()),
    ),
  )
