/** All routes behind one edge: the contract's, its documents (`/openapi.json`, `/docs`) and the console (`/`). */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { fileURLToPath } from "node:url"
import { Api } from "../api/Api.ts"
import type { Readiness } from "../api/HealthApi.ts"
import type { ProtocolDefaults } from "../domain/Protocol.ts"
import * as AgentsHandlers from "./AgentsHandlers.ts"
import * as AutopilotHandlers from "./AutopilotHandlers.ts"
import * as Authentication from "./Authentication.ts"
import * as ChatHandlers from "./ChatHandlers.ts"
import * as Edge from "./Edge.ts"
import * as HealthHandlers from "./HealthHandlers.ts"
import * as KeysHandlers from "./KeysHandlers.ts"
import * as MetricsRoute from "./MetricsRoute.ts"
import * as RolloutHandlers from "./RolloutHandlers.ts"
import * as RuntimeHandlers from "./RuntimeHandlers.ts"
import * as ShadowHandlers from "./ShadowHandlers.ts"
import * as Validation from "./Validation.ts"

const consolePage = fileURLToPath(new URL("../console/index.html", import.meta.url))

/** Read once: the page is part of the program. It may load nothing and talk to this host and to loopback (the sandbox) only. */
const consoleRoute = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const page = yield* files.readFileString(consolePage)
    const policy =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    yield* router.add(
      "GET",
      "/",
      HttpServerResponse.text(page, {
        contentType: "text/html; charset=utf-8",
        headers: {
          "content-security-policy": policy,
          "cache-control": "no-cache",
        },
      }),
    )
  }),
)

export interface ServerSettings {
  readonly auth: Authentication.AuthSettings
  readonly heartbeatMs: number
  readonly protocols: ProtocolDefaults
  readonly sandbox: (typeof Readiness.Type)["sandbox"]
}

const routes = (settings: ServerSettings) => {
  const handlers = Layer.mergeAll(
    ChatHandlers.layer(settings),
    AgentsHandlers.layer,
    KeysHandlers.layer,
    RuntimeHandlers.layer,
    AutopilotHandlers.layer,
    ShadowHandlers.layer,
    RolloutHandlers.layer,
    HealthHandlers.layer(settings.sandbox),
  )
  const api = HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
    Layer.provide(handlers),
    Layer.provide([Authentication.layer(settings.auth), Validation.layer]),
  )
  return Layer.mergeAll(
    api,
    HttpApiScalar.layer(Api, { path: "/docs" }),
    consoleRoute,
    MetricsRoute.layer,
    Edge.layer,
  )
}

/** Paths are compared exactly: a proxy before the service that hides `/metrics` knows it by this name alone. */
const routerConfig = {
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false,
  // An organisation's id has up to 200 characters, of up to 9 when they are encoded.
  maxParamLength: 2000,
}

export const layer = (settings: ServerSettings) =>
  HttpRouter.serve(routes(settings), { disableListenLog: true, disableLogger: true, routerConfig })
