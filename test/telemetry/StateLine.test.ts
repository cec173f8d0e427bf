import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as StateLine from "../../src/telemetry/StateLine.ts"

const recorded = <A>(use: (line: StateLine.StateLine, lines: ReadonlyArray<string>) => Effect.Effect<A>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => lines.push(`${logLevel}: ${String(message)}`))
  const line = StateLine.make({
    failing: (reason) => `it fails: ${reason}`,
    recovered: (failures) => `it works after ${failures}`,
  })
  return Effect.provide(use(line, lines), Logger.layer([logger]))
}

describe("a state's log lines", () => {
  it.effect("are one for the first failure and one for the recovery, with the count", () =>
    recorded((line, lines) =>
      Effect.gen(function* () {
        yield* line.succeeded
        for (let use = 0; use < 100; use++) yield* line.failed(`reason ${use}`)
        assert.deepStrictEqual(lines, ["Warn: it fails: reason 0"])
        yield* line.succeeded
        yield* line.succeeded
        assert.deepStrictEqual(lines.slice(1), ["Info: it works after 100"])
      }),
    ),
  )

  it.effect("begin anew with the next state", () =>
    recorded((line, lines) =>
      Effect.gen(function* () {
        yield* line.failed("a")
        yield* line.succeeded
        yield* line.failed("b")
        yield* line.succeeded
        assert.deepStrictEqual(lines.slice(2), ["Warn: it fails: b", "Info: it works after 1"])
      }),
    ),
  )
})
