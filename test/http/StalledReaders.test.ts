import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { describe, expect, it } from "vitest"
import * as StalledReaders from "../../src/http/StalledReaders.ts"

/** Looks each 50 ms. */
const limits = { takesNothingMs: 400, unansweredMs: 200 }
const megabyte = "x".repeat(1_000_000)

/** A server that gives each request to `answer` and cuts its readers; and how each answer's connection has ended. */
const serving = (answer: RequestListener) =>
  Effect.gen(function* () {
    const closed = yield* Deferred.make<void>()
    const server = createServer((request, response) => {
      response.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
      answer(request, response)
    })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      }),
    )
    yield* Layer.build(StalledReaders.layer([server], limits))
    server.listen(0, "127.0.0.1")
    yield* Effect.promise(() => once(server, "listening"))
    const { port } = server.address() as AddressInfo
    const socket = connect(port, "127.0.0.1").on("error", () => {})
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    return { closed: Deferred.await(closed), socket }
  })

const asFastAsItIsRead: RequestListener = (_, response) => {
  const write = (): void => {
    while (response.write(megabyte));
    response.once("drain", write)
  }
  write()
}

/** Reads a little, again and again; gives the socket. */
const sip = (socket: Socket, bytes: number, everyMs: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      socket.pause()
      return setInterval(() => socket.read(bytes) ?? socket.read(), everyMs)
    }),
    (timer) => Effect.sync(() => clearInterval(timer)),
  )

const live = <A, E>(body: () => Generator<Effect.Effect<unknown, E, Scope.Scope>, A, never>) =>
  Effect.runPromise(Effect.scoped(Effect.gen(body)))

describe("a connection whose peer takes nothing", () => {
  it("is cut while a stream waits for it", () =>
    live(function* () {
      const { closed, socket } = yield* serving(asFastAsItIsRead)
      socket.pause()
      yield* closed
    }))

  it("is cut while one large body waits for it", () =>
    live(function* () {
      const { closed, socket } = yield* serving((_, response) => response.end(megabyte.repeat(20)))
      socket.pause()
      yield* closed
    }))

  it("is kept while it takes less than the kernel asks Node for", () =>
    live(function* () {
      const { closed, socket } = yield* serving(asFastAsItIsRead)
      yield* sip(socket, 60_000, 30)
      // The kernel holds megabytes: Node sees nothing leave for several times the limit.
      expect(yield* Effect.timeoutOption(closed, 5 * limits.takesNothingMs)).toMatchObject({ _tag: "None" })
      yield* Effect.sync(() => socket.destroy())
    }))

  it("is kept while nothing is written to it", () =>
    live(function* () {
      const { closed, socket } = yield* serving((_, response) => response.write("a beginning"))
      socket.resume()
      expect(yield* Effect.timeoutOption(closed, 3 * limits.takesNothingMs)).toMatchObject({ _tag: "None" })
    }))
})
