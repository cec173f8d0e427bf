/**
 * The web pages beside the API: console, reference, OpenAPI description and metrics. Each is on the main port, on the
 * operators' port or off. A page that is off has no route, so its port reveals nothing.
 */
import { toIncomingMessage } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as Function from "effect/Function"
import * as FileSystem from "effect/FileSystem"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { fileURLToPath } from "node:url"
import { Api } from "../api/Api.ts"
import type { Readiness } from "../api/HealthApi.ts"
import { isServed, pathOf, type Place, type Places } from "../domain/WebPage.ts"
import * as ContentPolicy from "./ContentPolicy.ts"
import { nothingHere } from "./ErrorMapping.ts"
import * as MetricsRoute from "./MetricsRoute.ts"
import { isOperators } from "./NodeServer.ts"

const consolePage = fileURLToPath(new URL("../console/index.html", import.meta.url))
const consoleClient = fileURLToPath(new URL("../console/client.js", import.meta.url))

/** Isolates the page's window group, so that no other page holds a reference to it. */
const headersOf = (html: string, allowed: ContentPolicy.Allowed) => ({
  "content-security-policy": ContentPolicy.policyOf(html, allowed),
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
})

/** Read once, because the page is a part of the program. The client is inline, so that its hash allows it. It contacts this host and, if present, the sandbox. */
const consoleRoute = (sandbox: (typeof Readiness.Type)["sandbox"]) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const client = yield* files.readFileString(consoleClient)
      // A function, because `$` has a meaning in a replacement text.
      const page = (yield* files.readFileString(consolePage)).replace("/* client */", () => client)
      const connect = sandbox === undefined ? [] : [sandbox.runtimeUrl, sandbox.modelUrl]
      yield* router.add(
        "GET",
        pathOf.console,
        HttpServerResponse.text(page, {
          contentType: "text/html; charset=utf-8",
          headers: headersOf(page, { connect }),
        }),
      )
    }),
  )

/** Scalar's script adds its own styles, whose hashes are unknown here, and uses `style` attributes. */
const docsAllowed: ContentPolicy.Allowed = { directives: ["style-src 'unsafe-inline'", "font-src data:"] }

/** Scalar's zod tests whether it may compile code. It may not, and the browser need not report the attempt. */
const withoutEval = (html: string): string => html.replace('new Function("")', "null()")

/** Scalar builds the page at the first request; the object is reused. */
const docsRoute = () => {
  let made: HttpServerResponse.HttpServerResponse | undefined
  let shown: HttpServerResponse.HttpServerResponse | undefined
  const withPolicy = (response: HttpServerResponse.HttpServerResponse) => {
    if (response !== made || shown === undefined) {
      const { body } = response
      const html = body._tag === "Uint8Array" ? withoutEval(Buffer.from(body.body).toString()) : ""
      shown = HttpServerResponse.html(html).pipe(HttpServerResponse.setHeaders(headersOf(html, docsAllowed)))
      made = response
    }
    return shown
  }
  const policy = HttpRouter.middleware((httpEffect) => Effect.map(httpEffect, withPolicy)).layer
  const scalar = {
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    // They offer to send the description to another host.
    showDeveloperTools: "never",
    // Their samples send every optional parameter. The description has its own.
    hiddenClients: true,
    authentication: { preferredSecurityScheme: "bearer" },
  } as const
  return Layer.provide(HttpApiScalar.layer(Api, { path: pathOf.docs, scalar }), policy)
}

/** Made at the first request: it takes a third of the time of a start. */
const description = Function.memoize((api: typeof Api) => HttpServerResponse.jsonUnsafe(OpenApi.fromApi(api)))

const openapiRoute = () =>
  HttpRouter.add(
    "GET",
    pathOf.openapi,
    Effect.sync(() => description(Api)),
  )

/** The page on its port; on the other port the response is that of an unknown path. */
const at = <E, R>(place: Place, route: () => Layer.Layer<never, E, R>) => {
  if (place === "off") return Layer.empty
  const hidden = HttpRouter.middleware((httpEffect) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      isServed(place, isOperators(toIncomingMessage(request))) ? httpEffect : nothingHere,
    ),
  ).layer
  return Layer.provide(route(), hidden)
}

export const layer = (places: Places, sandbox: (typeof Readiness.Type)["sandbox"]) =>
  Layer.mergeAll(
    at(places.console, () => consoleRoute(sandbox)),
    at(places.docs, docsRoute),
    at(places.openapi, openapiRoute),
    at(places.metrics, () => MetricsRoute.layer),
  )
