import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Pull from "effect/Pull"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Executor } from "../../src/execution/Executor.ts"
import * as Runtimes from "../../src/execution/Runtimes.ts"
import { RuntimeHealth } from "../../src/execution/RuntimeHealth.ts"
import { type Answer, type TransportFailed, UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import * as UpstreamProxy from "../../src/execution/UpstreamProxy.ts"
import { runtimeAt, turn } from "../support/fixtures.ts"
import { type ProxyOptions, startProxy } from "../support/forwardProxy.ts"

const upstream = Effect.acquireRelease(
  Effect.promise(async () => {
    const hosts: Array<string | undefined> = []
    const server = createServer((request, response) => {
      hosts.push(request.headers.host)
      request.resume()
      request.on("end", () => response.end(request.url === "/health" ? '{"status":"healthy"}' : "hello"))
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return { hosts, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    }),
)

const proxied = (options: ProxyOptions) =>
  Effect.acquireRelease(
    Effect.promise(() => startProxy(options)),
    ({ stop }) => Effect.sync(stop),
  )

const read = (answer: Answer) => {
  let text = ""
  const more: Effect.Effect<void, TransportFailed> = Effect.matchCauseEffect(answer.pull, {
    onSuccess: (chunks) => {
      text += Buffer.concat(chunks).toString()
      return more
    },
    onFailure: (cause) => (Pull.isDoneCause(cause) ? Effect.void : Effect.failCause(cause as never)),
  })
  return Effect.map(more, () => text)
}

interface Environment {
  readonly http?: string
  readonly https?: string
  readonly except?: string
}

const layer = ({ except = "", http, https }: Environment) =>
  UpstreamProxy.layer({
    http: http === undefined ? undefined : Redacted.make(http),
    https: https === undefined ? undefined : Redacted.make(https),
    except,
  })

const posting = (environment: Environment, ...urls: ReadonlyArray<string>) =>
  Effect.forEach(urls, (url) =>
    UpstreamHttp.pipe(
      Effect.flatMap((http) => http.post({ url, headers: {}, body: {} })),
      Effect.flatMap(read),
      Effect.scoped,
      // undici returns a connection to its pool one round of the event loop later.
      Effect.tap(Effect.sleep(5)),
    ),
  ).pipe(Effect.provide(Layer.provide(UpstreamHttp.layerDispatched, layer(environment))))

describe("a forward proxy", () => {
  it.live("is asked for http:// addresses with the whole address, over connections that are kept", () =>
    Effect.gen(function* () {
      const { hosts, url } = yield* upstream
      const proxy = yield* proxied({ to: url })
      const to = "http://model.invalid/v1/chat/completions?api-version=1"
      const all = Array.from({ length: 5 }, () => to)
      const answers = yield* posting({ http: proxy.url }, ...all)
      assert.deepStrictEqual(answers, ["hello", "hello", "hello", "hello", "hello"])
      assert.deepStrictEqual(
        proxy.asked,
        all.map((url) => `POST ${url}`),
      )
      assert.deepStrictEqual([...new Set(hosts)], ["model.invalid"])
      assert.isBelow(proxy.connections.length, 5)
    }).pipe(Effect.scoped),
  )

  it.live("is asked for a tunnel to https:// addresses; HTTP_PROXY alone is enough", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url })
      const to = "https://model.invalid/v1"
      // The upstream speaks no TLS, so the call fails behind the tunnel.
      yield* Effect.flip(posting({ https: proxy.url }, to))
      yield* Effect.flip(posting({ http: proxy.url }, to))
      assert.deepStrictEqual(proxy.asked, ["CONNECT model.invalid:443", "CONNECT model.invalid:443"])
    }).pipe(Effect.scoped),
  )

  it.live("is asked for loopback addresses as well, as curl does, unless NO_PROXY names them", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url })
      yield* posting({ http: proxy.url }, url)
      assert.lengthOf(proxy.asked, 1)
      for (const except of ["127.0.0.1", "*", "localhost, 127.0.0.1", `127.0.0.1:${new URL(url).port}`]) {
        yield* posting({ http: proxy.url, except }, url)
      }
      assert.lengthOf(proxy.asked, 1)
      yield* posting({ http: proxy.url, except: "127.0.0.1:1,other.example" }, url)
      assert.lengthOf(proxy.asked, 2)
    }).pipe(Effect.scoped),
  )

  it.live("gets its user and password; a refusal of them fails the call", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url, auth: "me:p@ss" })
      const given = proxy.url.replace("//", "//me:p%40ss@")
      assert.deepStrictEqual(yield* posting({ http: given }, "http://model.invalid/"), ["hello"])
      for (const to of ["http://model.invalid/", "https://model.invalid/"]) {
        const { cause } = yield* Effect.flip(posting({ http: proxy.url }, to))
        assert.match(String(cause), /407/)
      }
    }).pipe(Effect.scoped),
  )

  it.live("begins nothing when it refuses a call of the runtime, so the call may be made again", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url, auth: "me:you" })
      for (const baseUrl of ["http://runtime.invalid", "https://runtime.invalid"]) {
        const executor = Runtimes.layer(runtimeAt(baseUrl)).pipe(
          Layer.provide(UpstreamHttp.layerDispatched),
          Layer.provide(layer({ http: proxy.url })),
        )
        const error = yield* Executor.pipe(
          Effect.flatMap(({ execute }) => Stream.runDrain(execute(turn()))),
          Effect.flip,
          Effect.provide(executor),
        )
        assert.strictEqual(error._tag, "UpstreamUnreachable")
      }
    }).pipe(Effect.scoped),
  )

  it.live("carries the runtime's health too", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url })
      const health = RuntimeHealth.layer({ ...runtimeAt("http://runtime.invalid"), healthPath: "" }).pipe(
        Layer.provide(UpstreamHttp.layerDispatched),
        Layer.provide(layer({ http: proxy.url })),
      )
      const said = yield* Effect.provide(
        Effect.flatMap(RuntimeHealth, ({ check }) => check),
        health,
      )
      assert.strictEqual(said, "healthy")
      assert.deepStrictEqual(proxy.asked, ["GET http://runtime.invalid/health"])
    }).pipe(Effect.scoped),
  )

  it.live("is never taken from the process's own environment", () =>
    Effect.gen(function* () {
      const { url } = yield* upstream
      const proxy = yield* proxied({ to: url })
      const names = ["HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"]
      const before = names.map((name) => [name, process.env[name]] as const)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const [name, value] of before) {
            if (value === undefined) delete process.env[name]
            else process.env[name] = value
          }
        }),
      )
      for (const name of names) process.env[name] = /^http/i.test(name) ? "http://127.0.0.1:1" : ""
      assert.deepStrictEqual(yield* posting({}, url), ["hello"])
      process.env["NO_PROXY"] = process.env["no_proxy"] = "*"
      assert.deepStrictEqual(yield* posting({ http: proxy.url }, "http://model.invalid/"), ["hello"])
      assert.lengthOf(proxy.asked, 1)
    }).pipe(Effect.scoped),
  )
})
