/**
 * The pages beside the API: the console, the reference, the description and the metrics. Each is on the main port, on the
 * operators' port or nowhere; a page that is not there is no route, so its port tells nothing of it.
 */
import { toIncomingMessage } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
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

/** A page of ours: no other page shares its group of windows, so none holds a handle on it. */
const headersOf = (html: string, allowed: ContentPolicy.Allowed) => ({
  "content-security-policy": ContentPolicy.policyOf(html, allowed),
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
})

/** Read once: the page is part of the program. It talks to this host and, where there is one, to the sandbox. */
const consoleRoute = (sandbox: (typeof Readiness.Type)["sandbox"]) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const page = yield* files.readFileString(consolePage)
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

/** Scalar's script adds its styles itself, under no hash that could be known here, and draws with `style` attributes. */
const docsAllowed: ContentPolicy.Allowed = { directives: ["style-src 'unsafe-inline'", "font-src data:"] }

/** Scalar's zod tries if it may compile code. It may not, and the browser need not report that it has tried. */
const withoutEval = (html: string): string => html.replace('new Function("")', "null()")

/** The page is made by Scalar at the first request, and stays the same object. */
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
  const scalar = { withDefaultFonts: false, telemetry: false, hideClientButton: true } as const
  return Layer.provide(HttpApiScalar.layer(Api, { path: pathOf.docs, scalar }), policy)
}

const openapiRoute = () =>
  HttpRouter.add("GET", pathOf.openapi, HttpServerResponse.jsonUnsafe(OpenApi.fromApi(Api)))

/** The page where it is served; elsewhere the answer is that of a path that does not exist. */
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
