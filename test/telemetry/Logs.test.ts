import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { stripVTControlCharacters } from "node:util"
import * as Logs from "../../src/telemetry/Logs.ts"

const canary = "canary-of-a-secret"

class StoreGone extends Schema.TaggedError<StoreGone>()("StoreGone", { row: Schema.String }) {
  override get message(): string {
    return "the store is gone"
  }
}

const lineOf = (logged: Effect.Effect<void>): Effect.Effect<Logs.Line> =>
  Effect.suspend(() => {
    const lines: Array<Logs.Line> = []
    const logger = Logger.make((options: Logger.Options<unknown>) => {
      lines.push(Logs.lineOf(options))
    })
    return Effect.map(Effect.provide(logged, Logger.layer([logger])), () => {
      const [line] = lines
      assert.isDefined(line)
      return line
    })
  })

describe("a readable log line", () => {
  const line: Logs.Line = {
    timestamp: "2026-01-02T03:04:05.678Z",
    level: "warn",
    message: "not stored",
    annotations: { requestId: "r1", attempts: 2 },
    error: {
      name: "StoreGone",
      message: "gone",
      stack: ["at a (b.ts:1:2)"],
      cause: { name: "Error", message: "refused", stack: [] },
    },
  }

  it("is one line with all fields, and the error below it", () => {
    assert.deepStrictEqual(Logs.prettyLine(line, false).split("\n"), [
      "03:04:05.678 WARN  not stored requestId=r1 attempts=2",
      "  StoreGone: gone",
      "    at a (b.ts:1:2)",
      "  Error: refused",
    ])
  })

  it("X8: shows control characters of others escaped, so that they forge no line", () => {
    const text = "a\r\n12:00:00.000 INFO  forged\u001b[2K\u009b2J\u2028\u0000"
    const shown = "a\\u000d\\u000a12:00:00.000 INFO  forged\\u001b[2K\\u009b2J\\u2028\\u0000"
    const forged: Logs.Line = {
      ...line,
      message: text,
      annotations: { [text]: text },
      error: { name: text, message: text, stack: [] },
    }
    assert.deepStrictEqual(Logs.prettyLine(forged, false).split(/[\r\n\u2028]/), [
      `03:04:05.678 WARN  ${shown} ${shown}=${shown}`,
      `  ${shown}: ${shown}`,
    ])
  })

  it("has colours in a terminal only", () => {
    assert.notInclude(Logs.prettyLine(line, false), "\u001b")
    const uncoloured = stripVTControlCharacters(Logs.prettyLine(line, true))
    assert.strictEqual(uncoloured, Logs.prettyLine(line, false))
    assert.include(Logs.prettyLine(line, true), "\u001b[33mWARN \u001b[0m")
  })
})

describe("a log line", () => {
  it.effect("has the time, the level, the message and the annotations of its scope", () =>
    Effect.gen(function* () {
      const line = yield* lineOf(
        Effect.logWarning("half", "done").pipe(Effect.annotateLogs({ requestId: "r1", traceId: "t1" })),
      )
      assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT/)
      assert.strictEqual(line.level, "warn")
      assert.strictEqual(line.message, "half done")
      assert.deepStrictEqual({ ...line.annotations }, { requestId: "r1", traceId: "t1" })
      assert.isUndefined(line.error)
    }),
  )

  it.effect("has an error's name, message and frames, and none of its fields", () =>
    Effect.gen(function* () {
      const error = new StoreGone({ row: canary })
      for (const logged of [
        Effect.logError("not stored", error),
        Effect.logError("not stored", Cause.fail(error)),
      ]) {
        const line = yield* lineOf(logged)
        assert.strictEqual(line.message, "not stored")
        assert.strictEqual(line.error?.name, "StoreGone")
        assert.strictEqual(line.error?.message, "the store is gone")
        assert.notInclude(JSON.stringify(line), canary)
      }
    }),
  )

  it.effect("names the causes of an error and their places", () =>
    Effect.gen(function* () {
      const error = new Error("outer", { cause: new TypeError("inner") })
      const line = yield* lineOf(Effect.logError("died", Cause.die(error)))
      assert.strictEqual(line.error?.cause?.name, "TypeError")
      assert.strictEqual(line.error?.cause?.message, "inner")
      assert.match(line.error?.stack[0] ?? "", /^at .*Logs\.test\.ts/)
    }),
  )

  it.effect("omits messages that quote unreadable input", () =>
    Effect.gen(function* () {
      const parse = Effect.sync(() => JSON.parse(canary))
      const decode = Schema.decodeUnknownEffect(Schema.Int)(canary)
      const failures: ReadonlyArray<Effect.Effect<unknown, unknown>> = [parse, decode, Effect.fail(canary)]
      for (const failing of failures) {
        const cause = yield* Effect.flip(Effect.sandbox(failing))
        const line = yield* lineOf(Effect.logError("died", cause))
        assert.isDefined(line.error)
        assert.notInclude(JSON.stringify(line), canary)
      }
    }),
  )
})
