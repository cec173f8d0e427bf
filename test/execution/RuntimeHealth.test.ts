/** The health check of each protocol, over real sockets. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Socket } from "node:net"
import { RuntimeHealth, type Settings } from "../../src/execution/RuntimeHealth.ts"
import { UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import { runtimeAt } from "../support/fixtures.ts"
import { freePort } from "../support/freePort.ts"
import { rawUpstream } from "./rawUpstream.ts"

const checked = (baseUrl: string, settings: Partial<Settings>) =>
  Effect.flatMap(RuntimeHealth, ({ check }) => check).pipe(
    Effect.provide(
      RuntimeHealth.layer({ ...runtimeAt(baseUrl), healthPath: "", ...settings }).pipe(
        Layer.provide(UpstreamHttp.layer),
      ),
    ),
  )

const respond =
  (status: number, body: string) =>
  (socket: Socket): void => {
    socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
  }

const silent = () => {}

/** The address ends with a path, as that of an AG-UI endpoint or a Responses server. */
const at = (answer: (socket: Socket) => void, settings: Partial<Settings>) =>
  Effect.gen(function* () {
    const { asked, url } = yield* rawUpstream(answer)
    const health = yield* checked(`${url}/base`, settings)
    return { health, line: asked[0]?.split("\r\n")[0] ?? "", head: asked[0] ?? "" }
  }).pipe(Effect.scoped)

const healthy = '{"status":"healthy"}'
const ok = '{"ok":true}'

describe("the health of a runtime", () => {
  it.live.each([
    ["agent2ui", 200, healthy, "healthy", "GET /base/health HTTP/1.1"],
    ["agent2ui", 200, '{"status":"starting"}', "unhealthy", "GET /base/health HTTP/1.1"],
    ["agent2ui", 200, ok, "unhealthy", "GET /base/health HTTP/1.1"],
    ["agent2ui", 500, healthy, "unhealthy", "GET /base/health HTTP/1.1"],
    ["langgraph", 200, ok, "healthy", "GET /base/ok HTTP/1.1"],
    ["langgraph", 200, '{"ok":false}', "unhealthy", "GET /base/ok HTTP/1.1"],
    ["langgraph", 200, healthy, "unhealthy", "GET /base/ok HTTP/1.1"],
    ["langgraph", 200, "<html>", "unhealthy", "GET /base/ok HTTP/1.1"],
    ["langgraph", 500, ok, "unhealthy", "GET /base/ok HTTP/1.1"],
  ] as const)("%s: %d %s is %s", ([protocol, status, body, expected, request]) =>
    Effect.gen(function* () {
      const { health, line } = yield* at(respond(status, body), { protocol })
      assert.deepStrictEqual([health, line], [expected, request])
    }),
  )

  it.live.each(["ag-ui", "responses"] as const)(
    "%s: a TCP connection is healthy, without a request",
    (protocol) =>
      Effect.gen(function* () {
        const { health, line } = yield* at(silent, { protocol })
        assert.deepStrictEqual([health, line], ["healthy", ""])
      }),
  )

  it.live.each(["agent2ui", "langgraph", "ag-ui", "responses"] as const)(
    "%s: a refused connection or an unknown host is unhealthy",
    (protocol) =>
      Effect.gen(function* () {
        const port = yield* Effect.promise(freePort)
        const down = yield* checked(`http://127.0.0.1:${port}/v1`, { protocol })
        const unknown = yield* checked("http://runtime.invalid/v1", { protocol })
        assert.deepStrictEqual([down, unknown], ["unhealthy", "unhealthy"])
      }),
  )

  it.live.each([
    ["agent2ui", ""],
    ["langgraph", ""],
    ["responses", "/healthz"],
  ] as const)("%s: a server that does not answer is unhealthy", ([protocol, healthPath]) =>
    Effect.gen(function* () {
      const { health } = yield* at(silent, { protocol, healthPath })
      assert.strictEqual(health, "unhealthy")
    }),
  )

  it.live.each([
    ["agent2ui", 204, "healthy"],
    ["langgraph", 200, "healthy"],
    ["ag-ui", 200, "healthy"],
    ["responses", 299, "healthy"],
    ["responses", 302, "unhealthy"],
    ["ag-ui", 404, "unhealthy"],
    ["responses", 503, "unhealthy"],
  ] as const)("%s: %d from the configured path is %s, whatever its body", ([protocol, status, expected]) =>
    Effect.gen(function* () {
      const { health, line } = yield* at(respond(status, ""), { protocol, healthPath: "/healthz?full=1" })
      assert.deepStrictEqual([health, line], [expected, "GET /healthz?full=1 HTTP/1.1"])
    }),
  )

  it.live("sends the configured headers", () =>
    Effect.gen(function* () {
      const headers = { "x-api-key": Redacted.make("k-1") }
      for (const healthPath of ["", "/healthz"]) {
        const { head } = yield* at(respond(200, ok), { protocol: "langgraph", headers, healthPath })
        assert.match(head, /^x-api-key: k-1\r?$/im)
      }
    }),
  )

  it.live("is not configured without an address", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* checked("", { protocol: "responses", healthPath: "/x" }), "not_configured")
    }),
  )
})
