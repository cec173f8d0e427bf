/**
 * Cuts the connections whose peer takes nothing, whatever the answer is: a stream, a replay, JSON, a file. One timer looks at
 * all of them. The rule is `Delivery`.
 *
 * A cut resets the connection: after a FIN the kernel would hold its megabytes until the peer has read them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { Server } from "node:http"
import type { Socket } from "node:net"
import * as IntrusiveList from "../platform/IntrusiveList.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as Delivery from "./Delivery.ts"
import * as KernelQueues from "./KernelQueues.ts"
import * as Loop from "../telemetry/Loop.ts"

/** 30 s are the Envoy edge guide's figure. A peer that is gone gets the 10 s of the kernel's questions on idle connections. */
export const limits: Delivery.Limits = { takesNothingMs: 30_000, unansweredMs: 10_000 }

/** Looks within a limit: a cut may be late by a quarter of the shorter one. */
const looks = 4

interface Connection extends IntrusiveList.Links<Connection>, Delivery.Watch {
  readonly socket: Socket
  readonly key: string
}

const number = (from: unknown, name: string): number => {
  const value: unknown = typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined
  return typeof value === "number" ? value : 0
}

/**
 * Bytes that have left Node. Its public figures count a write once it is whole; the handle counts each part of it, as Node's
 * own `socket.setTimeout` does.
 */
const flushed = (socket: Socket): number => {
  const handle: unknown = Reflect.get(socket, "_handle")
  return number(handle, "bytesWritten") - number(handle, "writeQueueSize")
}

const lookAt = (
  { socket }: Connection,
  left: number,
  queue: KernelQueues.KernelQueue | undefined,
): Delivery.Look => ({
  delivered: left - (queue?.bytes ?? 0),
  waiting: socket.writableLength > 0 || queue !== undefined,
  unanswered: queue?.resent === true,
})

/** Watches the servers' connections from now on. */
const follow = (
  servers: ReadonlyArray<Server>,
  clock: Clock.Clock,
): IntrusiveList.IntrusiveList<Connection> => {
  const connections = IntrusiveList.empty<Connection>()
  const watch = (socket: Socket): void => {
    const { localPort, remoteAddress, remotePort } = socket
    // The peer has left already.
    if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return
    const key = KernelQueues.keyOf(remoteAddress, remotePort, localPort)
    const since = monotonicMillis(clock)
    const one: Connection = { socket, key, delivered: 0, since, older: undefined, newer: undefined }
    IntrusiveList.append(connections, one)
    socket.once("close", () => IntrusiveList.remove(connections, one))
  }
  for (const server of servers) server.on("connection", watch)
  return connections
}

export const layer = (servers: ReadonlyArray<Server>, limits: Delivery.Limits): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const clock = yield* Clock.clockWith(Effect.succeed)
      const connections = follow(servers, clock)
      const held = () => [...IntrusiveList.each(connections)].map(({ socket }) => socket.writableLength)
      yield* catalogue.readerHeld.observe({}, () => held().reduce((sum, bytes) => sum + bytes, 0))
      yield* catalogue.readerHeldMost.observe({}, () =>
        held().reduce((most, bytes) => Math.max(most, bytes), 0),
      )

      /** Asks Node before the kernel: the other way round, bytes written meanwhile would count as delivered. */
      const look = Effect.gen(function* () {
        const left = [...IntrusiveList.each(connections)].map((one) => [one, flushed(one.socket)] as const)
        if (left.length === 0) return
        const queues = yield* Effect.promise(KernelQueues.read)
        const now = monotonicMillis(clock)
        for (const [one, bytes] of left) {
          const seen = lookAt(one, bytes, queues?.get(one.key))
          if (!Delivery.isStalled(one, seen, now, limits)) continue
          one.socket.resetAndDestroy()
          yield* catalogue.readersCut.record({ cause: seen.unanswered ? "gone" : "takes_nothing" }, 1)
        }
      })
      const every = Math.min(limits.takesNothingMs, limits.unansweredMs) / looks
      yield* Loop.every("stalled_readers", Schedule.spaced(every), look)
    }),
  )
