/**
 * The web pages beside the API: console, reference, OpenAPI description and metrics. Each is on the main port, on the
 * operators' port or off. A page that is off has no route, so its port reveals nothing.
 */
import { toIncomingMessage } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as Function from "effect/Function"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { Api } from "../api/Api.ts"
import type { Readiness } from "../api/HealthApi.ts"
import { isServed, pathOf, type Place, type Places } from "../domain/WebPage.ts"
import * as ConsolePage from "./ConsolePage.ts"
import * as ContentPolicy from "./ContentPolicy.ts"
import { nothingHere } from "./ErrorMapping.ts"
import * as MetricsRoute from "./MetricsRoute.ts"
import { isOperators } from "./NodeServer.ts"

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
      shown = HttpServerResponse.html(html).pipe(
        HttpServerResponse.setHeaders(ConsolePage.headersOf(ContentPolicy.ofReference(html))),
      )
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
    at(places.console, () => ConsolePage.layer(sandbox)),
    at(places.docs, docsRoute),
    at(places.openapi, openapiRoute),
    at(places.metrics, () => MetricsRoute.layer),
  )
