/** Logs failures of the OpenTelemetry SDK to export: the first of each minute. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../platform/Monotonic.ts"

const quietMs = 60_000

/** The SDK reports errors as JSON with their stacks; the message is enough. */
export const reasonOf = (text: string): string => {
  const message = /^\{.*"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return (message ?? text).slice(0, 300)
}

/** Takes each failure, outside of any fiber. `Config` reads the sampler and has already warned. */
export const make: Effect.Effect<(text: string) => void> = Effect.gen(function* () {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const run = Effect.runForkWith(yield* Effect.context<never>())
  let quietUntil = -Infinity
  return (text) => {
    if (text.startsWith("OTEL_TRACES_SAMPLER")) return
    const now = monotonicMillis(clock)
    if (now < quietUntil) return
    quietUntil = now + quietMs
    run(Effect.logWarning(`telemetry could not be exported: ${reasonOf(text)}`))
  }
})
