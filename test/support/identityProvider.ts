/**
 * An identity provider: keys of each algorithm, tokens signed by them, and a server on this machine with the public
 * keys.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { exportJWK, generateKeyPair, type CryptoKey, type JWK, SignJWT } from "jose"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import * as UpstreamProxy from "../../src/execution/UpstreamProxy.ts"

export interface ProviderKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  /** The key as the provider publishes it. */
  readonly jwk: JWK
}

export const makeKey = async (alg: string, kid: string): Promise<ProviderKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg } as JWK
  return { kid, alg, privateKey, jwk }
}

/** Signs with `key`. A header field that is undefined is left out. */
export const sign = (
  key: ProviderKey,
  payload: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  const given = Object.entries({ alg: key.alg, kid: key.kid, typ: "JWT", ...header })
  const present = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  return new SignJWT(payload).setProtectedHeader({ alg: key.alg, ...present }).sign(key.privateKey)
}

/** The server, with the number of requests so far. `answer` may be replaced at any time. */
export class KeyServer {
  hits = 0
  url = ""
  answer: RequestListener
  readonly #server = createServer((request, response) => {
    this.hits += 1
    this.answer(request, response)
  })

  constructor(keys: ReadonlyArray<JWK>) {
    this.answer = serving({ keys })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export const serving =
  (body: unknown, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json" })
    response.end(typeof body === "string" ? body : JSON.stringify(body))
  }

export const keyServer = (keys: ReadonlyArray<JWK>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = new KeyServer(keys)
      await server.listen()
      return server
    }),
    (server) => Effect.promise(() => server.close()),
  )

/** The client that the service uses. */
export const httpClient = Layer.provide(
  NodeHttpClient.layerUndiciNoDispatcher,
  UpstreamProxy.layer(UpstreamProxy.direct),
)
