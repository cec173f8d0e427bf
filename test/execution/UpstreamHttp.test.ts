import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { type Answer, type TransportFailed, UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** An upstream on loopback, and the connections that were made to it. */
const upstream = (handle: Handle) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const connections: Array<Socket> = []
      const server = createServer((request, response) => {
        request.resume()
        request.on("end", () => handle(request, response))
      })
      server.on("connection", (socket) => connections.push(socket))
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?x=1`
      return { server, url, connections }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      }),
  )

const text = (chunks: ReadonlyArray<Uint8Array>) => Buffer.concat(chunks).toString()

/** The whole answer and the number of its pulls. */
const readAll = (answer: Answer) => {
  const pulled: Array<string> = []
  const more: Effect.Effect<void, TransportFailed> = answer.pull.pipe(
    Effect.matchCauseEffect({
      onSuccess: (chunks) => {
        pulled.push(text(chunks))
        return more
      },
      onFailure: (cause) => (Pull.isDoneCause(cause) ? Effect.void : Effect.failCause(cause as never)),
    }),
  )
  return Effect.map(more, () => ({ all: pulled.join(""), pulls: pulled.length }))
}

const post = (url: string) =>
  Effect.flatMap(UpstreamHttp, (http) => http.post({ url, headers: { "x-a": "1" }, body: { a: "é" } }))

/** Waits for a value from a callback. */
const told = <A>() => {
  let tell: (value: A) => void = () => {}
  const heard = new Promise<A>((resolve) => {
    tell = resolve
  })
  return { tell, heard: Effect.promise(() => heard) }
}

const test = (
  name: string,
  body: Effect.Effect<void, unknown, UpstreamHttp | import("effect/Scope").Scope>,
) => it.live(name, () => Effect.scoped(Effect.provide(body, UpstreamHttp.layer)))

describe("UpstreamHttp", () => {
  test(
    "posts JSON and gives status, headers and bytes as they come",
    Effect.gen(function* () {
      const seen = told<readonly [string | undefined, string | undefined, unknown]>()
      const { url } = yield* upstream(({ headers, method, url }, response) => {
        const { accept, "accept-encoding": encoding, "content-type": type, "x-a": own } = headers
        seen.tell([method, url, [type, accept, encoding, own]])
        response.writeHead(203, { "retry-after": "7" })
        response.end("héllo")
      })
      const answer = yield* post(url)
      assert.strictEqual(answer.status, 203)
      assert.strictEqual(answer.header("retry-after"), "7")
      assert.isUndefined(answer.header("x-none"))
      assert.strictEqual((yield* readAll(answer)).all, "héllo")
      assert.deepStrictEqual(yield* seen.heard, [
        "POST",
        "/path?x=1",
        ["application/json", "text/event-stream", "identity", "1"],
      ])
    }),
  )

  test(
    "returns all bytes that arrive together in one pull",
    Effect.gen(function* () {
      const pieces = Array.from({ length: 200 }, (_, n) => `${n},`)
      const { url } = yield* upstream(({ socket }) => {
        const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("")
        socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
      })
      const { all, pulls } = yield* Effect.flatMap(post(url), readAll)
      assert.strictEqual(all, pieces.join(""))
      // One read of the socket, or two if the kernel cuts it.
      assert.isAtMost(pulls, 2)
    }),
  )

  test(
    "a connection whose answers were read to their end is used again",
    Effect.gen(function* () {
      const { connections, url } = yield* upstream((_, response) => response.end("x"))
      for (let n = 0; n < 5; n++) {
        yield* Effect.scoped(Effect.flatMap(post(url), readAll))
        // undici returns a connection to its pool one round of the event loop later.
        yield* Effect.sleep(5)
      }
      assert.lengthOf(connections, 1)
    }),
  )

  test(
    "the little that follows the end of a turn is let come, and the connection is used again",
    Effect.gen(function* () {
      let rest = told<void>()
      const { connections, url } = yield* upstream((_, response) => {
        response.write("all")
        response.once("finish", () => rest.tell())
        setTimeout(() => response.end("[DONE]"), 30)
      })
      for (let n = 0; n < 3; n++) {
        rest = told<void>()
        const first = Effect.flatMap(post(url), (answer) =>
          Effect.map(answer.pull, (chunks) => {
            answer.drain()
            return text(chunks)
          }),
        )
        assert.strictEqual(yield* Effect.scoped(first), "all")
        // The rest is on its way, and the client only has to read it.
        yield* rest.heard
        yield* Effect.sleep(60)
      }
      assert.lengthOf(connections, 1)
    }),
  )

  test(
    "aborts an answer that continues after the end of its turn",
    Effect.gen(function* () {
      const closed = told<number>()
      const { url } = yield* upstream((_, response) => {
        let written = 0
        const timer = setInterval(() => {
          response.write("x".repeat(8192))
          written += 8192
        }, 1)
        response.on("close", () => {
          clearInterval(timer)
          closed.tell(written)
        })
      })
      yield* Effect.scoped(
        Effect.flatMap(post(url), (answer) => Effect.tap(answer.pull, () => Effect.sync(answer.drain))),
      )
      // About 16 KiB plus the bytes in flight. If the exchange did not stop, megabytes would arrive within the
      // second.
      assert.isBelow(yield* closed.heard, 1024 * 1024)
    }),
  )

  test(
    "an exchange that is left is aborted: while its answer comes, and before it has begun",
    Effect.gen(function* () {
      for (const speaks of [true, false]) {
        const asked = told<void>()
        const closed = told<void>()
        const { url } = yield* upstream((_, response) => {
          response.on("close", () => closed.tell())
          if (speaks) response.write("a")
          asked.tell()
        })
        const reading = yield* Effect.forkChild(Effect.scoped(Effect.flatMap(post(url), readAll)))
        yield* asked.heard
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(reading)
        yield* closed.heard
      }
    }),
  )

  test(
    "an upstream that writes faster than the turn takes is not read on",
    Effect.gen(function* () {
      const size = 32 * 1024 * 1024
      const { connections, url } = yield* upstream((_, response) => {
        response.end(Buffer.alloc(size, "x"))
      })
      const answer = yield* post(url)
      yield* Effect.sleep(300)
      // The kernel's buffers on both sides hold the written bytes; the rest waits in the upstream.
      assert.isBelow(connections[0]!.bytesWritten - connections[0]!.writableLength, size / 2)
      assert.strictEqual((yield* readAll(answer)).all.length, size)
    }),
  )

  test(
    "a broken answer and a refused connection fail with their cause",
    Effect.gen(function* () {
      const broken = yield* upstream((request, response) => {
        response.write("a")
        setTimeout(() => request.socket.destroy(), 10)
      })
      const exit = yield* Effect.exit(Effect.flatMap(post(broken.url), readAll))
      assert.isTrue(Exit.isFailure(exit))
      const { server, url } = yield* upstream(() => {})
      yield* Effect.promise(() => new Promise<void>((done) => server.close(() => done())))
      const refused = yield* Effect.flip(post(url))
      assert.deepInclude(refused.cause, { code: "ECONNREFUSED" })
    }),
  )
})
