/**
 * Runs one turn over its targets: a stream of its messages. Each target is a layer of `Executor`, and `Course` has the rules
 * between them.
 */
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Monitor } from "../monitoring/Monitor.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import { Course, type Services, type Settings, type TurnPlan } from "./Course.ts"
import type { Turn } from "./Executor.ts"
import { Modes } from "./Modes.ts"
import type { AttemptFailed, TurnEvent } from "./TurnEvent.ts"

export class Execution extends Context.Service<
  Execution,
  {
    /** The turn's messages in order, then `Finished`. Fails with the last attempt's error. */
    readonly run: (turn: Turn, plan: TurnPlan) => Stream.Stream<TurnEvent, AttemptFailed>
  }
>()("crossfade/execution/Execution") {
  static readonly layer = (
    settings: Settings,
  ): Layer.Layer<Execution, never, Modes | Monitor | RecentTurns> =>
    Layer.effect(
      Execution,
      Effect.gen(function* () {
        const modes = yield* Modes
        const services: Services = {
          settings,
          monitor: yield* Monitor,
          recent: yield* RecentTurns,
        }
        const run: Execution["Service"]["run"] = (turn, plan) => {
          const { order } = plan
          const targets = order.flatMap((mode) => modes.takers(mode, turn))
          if (targets.length === 0) return Stream.die(new Error(`no target for ${order.join(", ")}`))
          const course = (_: unknown, scope: Scope.Scope) =>
            Effect.sync(() => new Course(services, plan, targets, turn, scope).pull)
          return Stream.fromChannel(Channel.fromTransform(course))
        }
        return Execution.of({ run })
      }),
    )
}
