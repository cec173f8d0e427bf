/** The way to each upstream: its name, its proxy, its connection, its certificate and its clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { lookup } from "node:dns/promises"
import * as StageSettings from "../../app/StageSettings.ts"
import type { Settings } from "../../config/Config.ts"
import { presets } from "../../domain/ProviderPreset.ts"
import { TransportFailed, UpstreamHttp } from "../../execution/UpstreamHttp.ts"
import type { Check } from "./Check.ts"
import { skewOf } from "./ClockSkew.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"
import { proxyOf } from "./ProxyRoute.ts"
import { adviceFor, reasonOf } from "./UpstreamAdvice.ts"

export interface Place {
  readonly name: string
  readonly url: string
  /** The variable that holds the address. */
  readonly variable: string
}

export const placesOf = (settings: Settings): ReadonlyArray<Place> => {
  const { AUTH_JWKS_URL, FILES_S3_ENDPOINT, FILES_SCAN_URL, RUNTIME_SERVICE_URL, providers } = settings
  const fixed = [
    { name: "runtime", url: RUNTIME_SERVICE_URL, variable: "RUNTIME_SERVICE_URL" },
    { name: "identity provider", url: AUTH_JWKS_URL, variable: "AUTH_JWKS_URL" },
    { name: "object store", url: FILES_S3_ENDPOINT, variable: "FILES_S3_ENDPOINT" },
    { name: "file scanner", url: FILES_SCAN_URL, variable: "FILES_SCAN_URL" },
  ]
  const direct = providers.map(({ baseUrl, kind, name }) => ({
    name: `provider ${name}`,
    url: baseUrl ?? presets[kind].baseUrl ?? "",
    variable: `DIRECT_LLM_${name.toUpperCase()}_BASE_URL`,
  }))
  return [...fixed, ...direct].filter(({ url }) => url !== "")
}

const addressesOf = (hostname: string) =>
  Effect.tryPromise({
    try: () => lookup(hostname.replace(/^\[|\]$/g, ""), { all: true }),
    catch: (cause) => new TransportFailed({ cause }),
  })

/** Any status shows that the server is there; the root of an address changes nothing. */
const answerOf = (url: string) =>
  Effect.flatMap(UpstreamHttp, (http) =>
    Effect.scoped(
      Effect.gen(function* () {
        const before = yield* Clock.currentTimeMillis
        const answer = yield* http.get({ url: `${new URL(url).origin}/`, headers: {} })
        const after = yield* Clock.currentTimeMillis
        answer.drain()
        const date = answer.header("date")
        return { status: answer.status, ms: after - before, date: Date.parse(date ?? ""), before, after }
      }),
    ),
  )

type Answered = Effect.Success<ReturnType<typeof answerOf>>

const answeredFindings = (place: Place, way: string, answer: Answered): ReadonlyArray<Finding> => {
  const { after, before, date, ms, status } = answer
  const seen = `${way}, answered ${status} in ${ms} ms`
  const gateway = status === 407 || status === 502 || status === 504
  const reached = gateway
    ? warning(
        `way to ${place.name}`,
        seen,
        "A proxy on the way did not reach the server. Check the proxy and NO_PROXY.",
      )
    : ok(`way to ${place.name}`, seen)
  // The header has whole seconds.
  return Number.isNaN(date) ? [reached] : [reached, skewOf(place.name, date, before - 1000, after)]
}

const throughProxy = "Check HTTP_PROXY and HTTPS_PROXY, or add the host to NO_PROXY."

const reach = (place: Place, settings: Settings) => {
  const { hostname, origin } = new URL(place.url)
  const proxy = proxyOf(place.url, StageSettings.proxy(settings))
  const wayOf = (addresses: ReadonlyArray<string>) =>
    proxy === undefined
      ? `${origin} (${addresses.slice(0, 3).join(", ")}), direct`
      : `${origin} through the proxy ${proxy}`
  return Effect.gen(function* () {
    // A proxy resolves the name itself.
    const addresses = proxy === undefined ? yield* addressesOf(hostname) : []
    const way = wayOf(addresses.map(({ address }) => address))
    return answeredFindings(place, way, yield* answerOf(place.url))
  }).pipe(
    Effect.catch(({ cause }) => {
      const reason = reasonOf(cause)
      const [seen, advice] =
        proxy === undefined
          ? [`${origin}: ${reason}`, adviceFor(reason, place.variable)]
          : [`${wayOf([])}: ${reason}`, throughProxy]
      return Effect.succeed([failed(`way to ${place.name}`, seen, advice)])
    }),
  )
}

export const checks = (settings: Settings): ReadonlyArray<Check<UpstreamHttp>> =>
  placesOf(settings).map((place) => ({ name: `way to ${place.name}`, run: reach(place, settings) }))
