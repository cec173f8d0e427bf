/** All upstreams have the same guards, over raw connections: executors of all kinds, files, health and keys. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"
import { plainRequests, type ProviderKind } from "../../src/domain/DirectProvider.ts"
import * as Attempt from "../../src/execution/Attempt.ts"
import * as DirectExecutor from "../../src/execution/direct/DirectExecutor.ts"
import { Executor } from "../../src/execution/Executor.ts"
import * as Runtimes from "../../src/execution/Runtimes.ts"
import { RuntimeFiles } from "../../src/execution/runtime/RuntimeFiles.ts"
import { RuntimeHealth } from "../../src/execution/RuntimeHealth.ts"
import { UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import * as UpstreamProxy from "../../src/execution/UpstreamProxy.ts"
import * as Jwks from "../../src/http/Jwks.ts"
import { runtimeAt, turn } from "../support/fixtures.ts"
import { drip, flood, rawUpstream } from "./rawUpstream.ts"

/** Uses an upstream once. Returns "ok" for an answer, otherwise the reason of the failure. */
type Use = (url: string, clockMs: number) => Effect.Effect<string>

const execute = (layer: Layer.Layer<Executor>, clockMs: number): Effect.Effect<string> =>
  Effect.flatMap(Executor, (executor) =>
    Stream.runDrain(
      Attempt.run(executor, turn(), {
        number: 1,
        limits: { firstContentMs: clockMs, stallMs: clockMs, totalMs: 2 * clockMs },
        onEnd: () => Effect.void,
      }),
    ),
  ).pipe(Effect.provide(layer), Effect.match({ onSuccess: () => "ok", onFailure: ({ error }) => error._tag }))

const providerKinds = [
  "openai-compatible",
  "openai",
  "anthropic",
  "google",
  "sandbox",
] as const satisfies ReadonlyArray<ProviderKind>

const direct =
  (kind: ProviderKind): Use =>
  (url, clockMs) =>
    execute(
      DirectExecutor.layer({
        name: "a",
        kind,
        baseUrl: url,
        apiKey: Redacted.make("sk-not-a-key"),
        model: "m",
        takesAgentModel: false,
        ...plainRequests,
      }).pipe(Layer.provide(UpstreamHttp.layer)),
      clockMs,
    )

const runtime: Use = (url, clockMs) =>
  execute(Runtimes.layer(runtimeAt(url)).pipe(Layer.provide(UpstreamHttp.layer)), clockMs)

const file: Use = (url, clockMs) =>
  Effect.flatMap(RuntimeFiles, (files) =>
    Effect.scoped(Effect.flatMap(files.fetch("/f"), ({ bytes }) => Stream.runDrain(bytes))),
  ).pipe(
    Effect.match({ onSuccess: () => "ok", onFailure: ({ _tag }) => _tag }),
    Effect.provide(
      RuntimeFiles.layer(
        url,
        {},
        {
          headersMs: clockMs,
          idleMs: clockMs,
          totalMs: 2 * clockMs,
          bytes: 1024 * 1024,
        },
      ).pipe(Layer.provide(UpstreamHttp.layer)),
    ),
  )

const health: Use = (url) =>
  Effect.flatMap(RuntimeHealth, ({ check }) => check).pipe(
    Effect.map((found) => (found === "healthy" ? "ok" : found)),
    Effect.provide(
      RuntimeHealth.layer({ ...runtimeAt(url), healthPath: "" }).pipe(Layer.provide(UpstreamHttp.layer)),
    ),
  )

const keys: Use = (url) =>
  Effect.flatMap(Jwks.make(url), ({ candidates }) => candidates({ alg: "RS256", kid: "k" })).pipe(
    Effect.match({ onSuccess: () => "ok", onFailure: ({ _tag }) => _tag }),
    Effect.scoped,
    Effect.provide(
      NodeHttpClient.layerUndiciNoDispatcher.pipe(Layer.provide(UpstreamProxy.layer(UpstreamProxy.direct))),
    ),
  )

const executors: ReadonlyArray<readonly [string, Use]> = [
  ["the runtime", runtime],
  ...providerKinds.map((kind) => [kind, direct(kind)] as const),
]
const all = [...executors, ["a file", file], ["the health probe", health], ["the key set", keys]] as const

const events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
const chunked = `${events}Transfer-Encoding: chunked\r\n\r\n`
const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024, "data: x\n\n"))

interface Guard {
  readonly name: string
  readonly answer: (socket: Socket) => void
  /** The length of each clock. The long ones must not pass, because the guard ends the exchange first. */
  readonly clockMs: number
  readonly of: ReadonlyArray<readonly [string, Use]>
}

const short = 1000
const long = 60_000

const guards: ReadonlyArray<Guard> = [
  {
    name: "U8: refuses headers of 64 KB",
    answer: (socket) => socket.write(`${events}X-Long: ${"x".repeat(65_536)}\r\n\r\n`),
    clockMs: long,
    of: all,
  },
  {
    name: "U8: gives up headers that come a byte at a time",
    answer: (socket) => drip(socket, `${events}X-Long: ${"x".repeat(1000)}`, 100),
    clockMs: short,
    of: all,
  },
  {
    name: "U8: gives up after a flood of informational answers",
    answer: (socket) => flood(socket, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    clockMs: long,
    of: all,
  },
  {
    name: "gives up an upstream that takes the request and says nothing",
    answer: () => {},
    clockMs: short,
    of: all,
  },
  {
    name: "gives up an answer that stops after its headers",
    answer: (socket) => socket.write(chunked),
    clockMs: short,
    of: all,
  },
  {
    name: "U8: does not unpack a compressed answer",
    answer: (socket) => {
      socket.write(`${events}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    },
    clockMs: long,
    of: all,
  },
  {
    name: "U4: gives up a line without an end",
    answer: (socket) => {
      socket.write(`${events}\r\ndata: `)
      flood(socket, "x")
    },
    clockMs: long,
    of: all,
  },
  {
    name: "U4: gives up an event of many lines without an end",
    answer: (socket) => {
      socket.write(`${events}\r\n`)
      flood(socket, `data: ${"x".repeat(1000)}\n`)
    },
    clockMs: long,
    of: all,
  },
  {
    name: "U4: gives up comments without an end",
    answer: (socket) => {
      socket.write(`${events}\r\n`)
      flood(socket, ": keep-alive\n\n")
    },
    clockMs: long,
    of: executors,
  },
]

const dripping: Guard = {
  name: "gives up an answer that drips",
  answer: (socket) => {
    socket.write(`${events}Content-Length: 100000\r\n\r\n`)
    drip(socket, "x", 100)
  },
  clockMs: short,
  of: [
    ["a file", file],
    ["the health probe", health],
    ["the key set", keys],
  ],
}

const used = (use: Use, answer: (socket: Socket) => void, clockMs: number) =>
  Effect.gen(function* () {
    const upstream = yield* rawUpstream(answer)
    const outcome = yield* use(upstream.url, clockMs).pipe(Effect.timeout("25 seconds"), Effect.exit)
    return { upstream, outcome: Exit.isSuccess(outcome) ? outcome.value : "it did not end" }
  })

describe.each([...guards, dripping])("$name", ({ answer, clockMs, of }) => {
  it.live.each(of)("with %s", ([, use]) =>
    Effect.gen(function* () {
      const { outcome, upstream } = yield* used(use, answer, clockMs)
      assert.notInclude(["ok", "it did not end"], outcome)
      if (clockMs === long) assert.notMatch(outcome, /Timeout/)
      assert.isAtLeast(upstream.asked.length, 1)
    }).pipe(Effect.scoped),
  )
})

describe("U8: a redirect", () => {
  it.live.each(all)("is not followed by %s", ([, use]) =>
    Effect.gen(function* () {
      const elsewhere = yield* rawUpstream((socket) => socket.end(`${events}Content-Length: 0\r\n\r\n`))
      for (const status of [301, 302, 303, 307, 308]) {
        const head = `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere.url}/x\r\nContent-Length: 0\r\n\r\n`
        const { outcome } = yield* used(use, (socket) => socket.end(head), long)
        assert.notInclude(["ok", "it did not end"], outcome)
      }
      assert.deepStrictEqual(elsewhere.asked, [])
    }).pipe(Effect.scoped),
  )
})

describe("every request", () => {
  it.live.each(all)("asks for an answer as it is: %s", ([, use]) =>
    Effect.gen(function* () {
      const { upstream } = yield* used(use, (socket) => socket.destroy(), long)
      assert.match(upstream.asked[0] ?? "", /^accept-encoding: identity\r?$/im)
    }).pipe(Effect.scoped),
  )
})
