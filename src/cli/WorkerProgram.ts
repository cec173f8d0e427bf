/**
 * Runs one worker until the primary (`ServeWorkers`) tells it to stop, or dies; SIGTERM stops this worker alone. A
 * terminal sends Ctrl-C and a hangup to all processes of its group, and the primary decides for all.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Runtime from "effect/Runtime"
import { surviveBrokenOutput } from "../telemetry/LogOutput.ts"
import { Channel } from "../workers/Channel.ts"
import { explained } from "./Explained.ts"
import { keepTurnsYoung } from "./KeepTurnsYoung.ts"
import { layer } from "./ServeWorker.ts"
import { teardown } from "./Teardown.ts"

const program = Effect.gen(function* () {
  yield* keepTurnsYoung
  yield* surviveBrokenOutput
  const channel = yield* Channel.open(() => PrometheusMetrics.formatUnsafe(Context.empty()))
  const service = explained(Layer.launch(layer(process.env, channel)), (text, code) =>
    Effect.sync(() => channel.send({ kind: "failed", text, code })),
  )
  yield* Effect.raceFirst(service, Deferred.await(channel.stop))
})

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {})
  fiber.addObserver((exit) => teardown(exit, (code) => process.exit(code)))
})

runMain(program, { disableErrorReporting: true, teardown })
