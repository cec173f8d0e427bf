/**
 * Keeps this replica's Monitor in step with the others': four times a second it tells what happened here, hears what
 * happened elsewhere, and has its own transitions agreed on. Beside the turns; none ever waits for it.
 *
 * While the others cannot be reached the Monitor decides for itself and probes for itself, and what it did is agreed on
 * afterwards.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as FleetLink from "./FleetLink.ts"
import { type ExchangeAway, HealthExchange } from "./HealthExchange.ts"
import { Monitor } from "../Monitor.ts"
import * as Loop from "../../telemetry/Loop.ts"

export class FleetHealth extends Context.Service<
  FleetHealth,
  {
    /** Tells and hears now: an order that follows is on top of all others, one that came before holds everywhere soon. */
    readonly catchUp: Effect.Effect<void>
  }
>()("crossfade/monitoring/fleet/FleetHealth") {
  static readonly layer: Layer.Layer<FleetHealth, never, HealthExchange | Monitor> = Layer.effect(
    FleetHealth,
    Effect.suspend(() => make),
  )
}

const pulse = Schedule.spaced("250 millis")

const make = Effect.gen(function* () {
  const exchange = yield* HealthExchange
  if (exchange === "alone") return FleetHealth.of({ catchUp: Effect.void })
  const monitor = yield* Monitor
  const shared = yield* monitor.share
  const scope = yield* Effect.scope
  const turns = yield* Semaphore.make(1)
  const link = FleetLink.make(exchange.me)
  yield* shared(({ health }) => {
    // The first answer says whose it is to probe.
    health.breakers.probing.here = false
  })

  const listen: Effect.Effect<void, ExchangeAway> = Effect.gen(function* () {
    const batch = yield* shared((monitored) => FleetLink.nextBatch(link, monitored))
    const answer = yield* exchange.exchange({ batch, after: link.after, states: !link.inStep })
    const isMore = yield* shared((monitored) => FleetLink.hear(link, answer, monitored))
    if (isMore) yield* listen
  })
  const agree: Effect.Effect<void, ExchangeAway> = Effect.gen(function* () {
    const proposal = yield* shared((monitored) => FleetLink.proposal(link, monitored))
    if (proposal === undefined) return
    const revised = yield* exchange.propose(proposal.state, proposal.base)
    yield* shared((monitored) => FleetLink.decided(link, revised, monitored))
    yield* agree
  })
  const round = Effect.andThen(listen, agree).pipe(
    Effect.catch((error) =>
      Effect.andThen(
        Effect.logDebug("the other replicas are not heard", error),
        shared((monitored) => FleetLink.lost(link, monitored)),
      ),
    ),
    turns.withPermits(1),
  )
  yield* Loop.every("fleet_health", pulse, round)
  // In a fiber of its own, for Redis' patience ends by interruption and whoever carries out an order is not interruptible.
  const catchUp = Effect.flatMap(Effect.forkIn(round, scope), Fiber.await).pipe(Effect.asVoid)
  return FleetHealth.of({ catchUp })
})
