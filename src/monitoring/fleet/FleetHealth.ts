/**
 * Synchronises this replica's Monitor with the others': four times a second it sends the events of this replica, receives those
 * of the others, and proposes its own transitions to the fleet. No turn waits for it.
 *
 * While the exchange does not answer, the Monitor decides and probes for itself, and proposes its changes afterwards.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { Monitor } from "../Monitor.ts"
import * as FleetLink from "./FleetLink.ts"
import { type ExchangeAway, HealthExchange } from "./HealthExchange.ts"
import * as Loop from "../../telemetry/Loop.ts"

export class FleetHealth extends Context.Service<
  FleetHealth,
  {
    /** Exchanges now: a later command applies on top of all earlier ones, and an earlier one soon holds everywhere. */
    readonly catchUp: Effect.Effect<void>
  }
>()("crossfade/monitoring/fleet/FleetHealth") {
  static readonly layer: Layer.Layer<FleetHealth, never, HealthExchange | Monitor> = Layer.effect(
    FleetHealth,
    Effect.suspend(() => make),
  )
  /** For a process without a fleet. */
  static readonly layerAlone: Layer.Layer<FleetHealth> = Layer.succeed(FleetHealth, {
    catchUp: Effect.void,
  })
}

const pulse = Schedule.spaced("250 millis")

const make = Effect.gen(function* () {
  const exchange = yield* HealthExchange
  const monitor = yield* Monitor
  const modify = yield* monitor.joinFleet(exchange.me)
  const update = (change: (member: FleetLink.Member, now: number) => FleetLink.Member) =>
    modify((member, now) => [undefined, change(member, now)])
  const scope = yield* Effect.scope
  const rounds = yield* Semaphore.make(1)
  // The first answer names the replica that probes.
  yield* update((member) => FleetLink.probing(member, false))

  const listen: Effect.Effect<void, ExchangeAway> = Effect.gen(function* () {
    const request = yield* modify((before) => {
      const [batch, member] = FleetLink.nextBatch(before)
      const { after, inStep } = member.link
      return [{ batch, after, states: !inStep }, member]
    })
    const answer = yield* exchange.exchange(request)
    const isMore = yield* modify((member, now) => FleetLink.receive(member, answer, now))
    if (isMore) yield* listen
  })
  const agree: Effect.Effect<void, ExchangeAway> = Effect.gen(function* () {
    const proposal = yield* modify((member) => [FleetLink.proposal(member), member])
    if (proposal === undefined) return
    const revised = yield* exchange.propose(proposal.state, proposal.base)
    yield* update((member, now) => FleetLink.decided(member, revised, now))
    yield* agree
  })
  const round = Effect.andThen(listen, agree).pipe(
    Effect.catch((error) =>
      Effect.andThen(Effect.logDebug("the health exchange does not answer", error), update(FleetLink.lost)),
    ),
    rounds.withPermits(1),
  )
  yield* Loop.every("fleet_health", pulse, round)
  // A fiber of its own: the Redis time limit works by interruption, and the caller of a command is not interruptible.
  const catchUp = Effect.flatMap(Effect.forkIn(round, scope), Fiber.await).pipe(Effect.asVoid)
  return FleetHealth.of({ catchUp })
})
