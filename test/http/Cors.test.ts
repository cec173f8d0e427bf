import { assert, describe, it } from "@effect/vitest"
import { corsHeaders, type CorsRequest } from "../../src/http/Cors.ts"

const allowed = ["https://chat.example", "tauri://localhost"]
const headersOf = (request: CorsRequest, origins: ReadonlyArray<string> = allowed) =>
  corsHeaders(origins, request)
const preflight = (origin: string, asked?: string): CorsRequest => ({
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "POST",
    ...(asked === undefined ? {} : { "access-control-request-headers": asked }),
  },
})

describe("C8: CORS headers", () => {
  it("are none where no page may call", () => {
    assert.deepStrictEqual(headersOf({ method: "GET", headers: { origin: "https://chat.example" } }, []), {})
  })

  it("name the page's origin where it is listed, and let it read what the service says in headers", () => {
    for (const origin of allowed) {
      const headers = headersOf({ method: "GET", headers: { origin } })
      assert.deepInclude(headers, { "access-control-allow-origin": origin, vary: "Origin" })
      for (const name of ["x-run-id", "x-session-id", "retry-after", "x-request-id", "etag"])
        assert.include(headers["access-control-expose-headers"], name)
    }
  })

  it("keep caches from mixing origins, also where the page is not listed or there is none", () => {
    for (const origin of ["https://evil.example", "null", undefined])
      assert.deepStrictEqual(headersOf({ method: "GET", headers: { origin } }), { vary: "Origin" })
  })

  it("allow the headers of tracing libraries and of resuming, and whatever else a listed page asks for", () => {
    const asked = "X-Canary, b3,  , bad name, x-canary"
    const names = (
      headersOf(preflight("https://chat.example", asked))["access-control-allow-headers"] ?? ""
    ).split(", ")
    for (const name of [
      "authorization",
      "content-type",
      "idempotency-key",
      "last-event-id",
      "cache-control",
      "traceparent",
      "tracestate",
      "baggage",
      "sentry-trace",
      "x-canary",
      "b3",
    ])
      assert.include(names, name)
    assert.notInclude(names, "bad name")
    assert.lengthOf(
      names.filter((name) => name === "x-canary"),
      1,
    )
  })

  it("name methods and the time to remember a preflight; for another page they allow nothing", () => {
    assert.deepInclude(headersOf(preflight("https://chat.example")), {
      "access-control-allow-origin": "https://chat.example",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "access-control-max-age": "600",
      vary: "Origin, Access-Control-Request-Headers",
    })
    assert.deepStrictEqual(headersOf(preflight("https://evil.example")), {
      vary: "Origin, Access-Control-Request-Headers",
    })
  })
})
