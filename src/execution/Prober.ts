/**
 * Synthetic probes: a tiny execution by the gateway itself (`metadata.probe: true`) whenever the Monitor wants one.
 * The pulse also advances the breakers' time when there are no turns.
 *
 * A probe is good if content arrives before its deadline; the rest of the answer is cancelled. A neutral end says
 * nothing about the runtime's health: the runtime refused the probe itself, or it was thinking or planning at the
 * deadline.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Monitor } from "../monitoring/Monitor.ts"
import type { Probe } from "../monitoring/probes/Probing.ts"
import { type ExecutionError, errorPolicyOf } from "./ExecutionError.ts"
import { upstreamCodes } from "./FailureText.ts"
import { Executor } from "./Executor.ts"
import { Modes } from "./Modes.ts"
import * as ProbeTurn from "./ProbeTurn.ts"
import * as Loop from "../telemetry/Loop.ts"
import * as StateLine from "../telemetry/StateLine.ts"

/** The policy's finest unit is a second. */
const pulse = Schedule.spaced("500 millis")

/** After the first event, 8 s do not separate a slow plan from a hang: the runtime's own model call may take 120 s. */
const isNeutral = (error: ExecutionError): boolean =>
  errorPolicyOf(error).outcome === "neutral" ||
  error._tag === "StallTimeout" ||
  error._tag === "CallTimeout" ||
  error._tag === "TotalTimeout"

/** One line at the start of an outage and one at its end; probes continue every few seconds. */
const probeLine = () =>
  StateLine.make({
    failing: (reason) => `probes of the runtime fail: ${reason}. Further ones are only counted`,
    recovered: (failures) => `probes of the runtime succeed again, after ${failures} that failed`,
  })

const reasonOf = (error: ExecutionError): string =>
  [error._tag, upstreamCodes(error)].filter((part) => part !== undefined).join(" ")

const execute = (
  executor: Executor["Service"],
  line: StateLine.StateLine,
): Effect.Effect<"good" | "bad" | "neutral", never, SecureRandom.SecureRandom> =>
  Effect.matchEffect(ProbeTurn.run(executor, ProbeTurn.defaultTokens), {
    onSuccess: () => Effect.as(line.succeeded, "good" as const),
    onFailure: (error) =>
      isNeutral(error)
        ? Effect.succeed("neutral" as const)
        : Effect.as(line.failed(reasonOf(error)), "bad" as const),
  })

export const layer: Layer.Layer<never, never, Modes | Monitor | SecureRandom.SecureRandom> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const ids = yield* SecureRandom.SecureRandom
      const modes = yield* Modes
      const monitor = yield* Monitor
      const scope = yield* Effect.scope
      const line = probeLine()
      const [target] = modes.targets("runtime_orchestrator")
      const run = (probe: Probe) =>
        (target === undefined
          ? Effect.succeed("neutral" as const)
          : Effect.provideService(
              execute(Context.get(target, Executor), line),
              SecureRandom.SecureRandom,
              ids,
            )
        ).pipe(
          Effect.onExit((exit) =>
            monitor.probeEnded(probe, exit._tag === "Success" ? exit.value : "neutral"),
          ),
        )
      const beat = Effect.flatMap(monitor.takeProbe, (probe) =>
        probe === undefined ? Effect.void : Effect.forkIn(run(probe), scope),
      )
      yield* Loop.every("probes", pulse, beat)
    }),
  )
