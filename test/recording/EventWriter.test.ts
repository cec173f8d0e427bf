import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as EventWriter from "../../src/recording/EventWriter.ts"
import { Runs } from "../../src/store/Runs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, runIdOf, text } from "../support/fixtures.ts"

type Batch = Parameters<Runs["Service"]["append"]>[0]

/** A store that records each statement, and fails a given number of them. */
const store = () => {
  const statements: Array<Batch> = []
  const state = { refuse: 0, die: 0 }
  const layer = Layer.mock(Runs, {
    append: (batches) =>
      Effect.suspend(() => {
        if (state.die-- > 0) return Effect.die(new Error("a bug"))
        if (state.refuse-- > 0)
          return Effect.fail(new StoreError({ operation: "Runs.append", cause: "down" }))
        statements.push(batches)
        return Effect.void
      }),
  })
  const seqs = (n: number) =>
    statements.flatMap((batches) =>
      batches.filter(({ id }) => id === runIdOf(n)).flatMap(({ entries }) => entries.map(({ seq }) => seq)),
    )
  return { statements, state, layer, seqs }
}

const say = (log: RunLog, count: number) => {
  for (let index = 0; index < count; index++) log.message(text("a"), noon)
}

const withWriter = <A, E>(
  kept: ReturnType<typeof store>,
  use: (writer: Effect.Success<ReturnType<typeof EventWriter.make>>) => Effect.Effect<A, E>,
) =>
  Effect.scoped(Effect.flatMap(Effect.flatMap(Runs, EventWriter.make), use)).pipe(Effect.provide(kept.layer))

describe("EventWriter", () => {
  it.effect("writes the events of all runs in one statement, 25 ms after the first", () => {
    const kept = store()
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const logs = Array.from({ length: 50 }, (_, n) => new RunLog(runIdOf(n)))
        for (const log of logs) writer.follow(log)
        for (const log of logs) say(log, 3)
        yield* TestClock.adjust("24 millis")
        assert.lengthOf(kept.statements, 0)
        yield* TestClock.adjust("1 millis")
        assert.lengthOf(kept.statements, 1)
        assert.lengthOf(kept.statements[0] ?? [], 50)
        assert.deepStrictEqual(kept.seqs(49), [1, 2, 3])
        yield* TestClock.adjust("1 second")
        assert.lengthOf(kept.statements, 1)
      }),
    )
  })

  it.effect("writes a backlog in several statements, and lets long logs drop the written events", () => {
    const kept = store()
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const logs = Array.from({ length: 4 }, (_, n) => new RunLog(runIdOf(n)))
        for (const log of logs) {
          writer.follow(log)
          for (let n = 0; n < 800; n++) log.message(text("x".repeat(1000)), noon)
        }
        yield* TestClock.adjust("25 millis")
        assert.isBelow(kept.statements.flat().flatMap(({ entries }) => entries).length, 1600)
        yield* TestClock.adjust("1 second")
        const all = Array.from({ length: 800 }, (_, n) => n + 1)
        for (const n of [0, 1, 2, 3]) assert.deepStrictEqual(kept.seqs(n), all)
        assert.deepStrictEqual(
          logs.map((log) => log.holds(0)),
          [false, false, false, false],
        )
      }),
    )
  })

  it.effect("writes each event once, also the events from before it followed the run", () => {
    const kept = store()
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const log = new RunLog(runIdOf(1))
        say(log, 2)
        writer.follow(log)
        for (let step = 0; step < 20; step++) {
          yield* TestClock.adjust("10 millis")
          say(log, 1)
        }
        yield* TestClock.adjust("100 millis")
        assert.deepStrictEqual(
          kept.seqs(1),
          Array.from({ length: 22 }, (_, index) => index + 1),
        )
      }),
    )
  })

  it.effect("does no work while no event arrives", () => {
    const kept = store()
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const log = new RunLog(runIdOf(1))
        const read = vi.spyOn(log, "read")
        writer.follow(log)
        say(log, 1)
        for (let step = 0; step < 20; step++) yield* TestClock.adjust("25 millis")
        assert.strictEqual(read.mock.calls.length, 1)
      }),
    )
  })

  it.effect("retries after a delay when the store fails", () => {
    const kept = store()
    kept.state.refuse = 2
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const log = new RunLog(runIdOf(1))
        writer.follow(log)
        say(log, 2)
        yield* TestClock.adjust("1 second")
        say(log, 1)
        assert.lengthOf(kept.statements, 0)
        for (let step = 0; step < 30; step++) yield* TestClock.adjust("100 millis")
        assert.deepStrictEqual(kept.seqs(1), [1, 2, 3])
      }),
    )
  })

  it.effect("X13: continues after a defect, so that other runs lose no events", () => {
    const kept = store()
    kept.state.die = 1
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const log = new RunLog(runIdOf(1))
        writer.follow(log)
        say(log, 2)
        for (let step = 0; step < 30; step++) yield* TestClock.adjust("100 millis")
        assert.deepStrictEqual(kept.seqs(1), [1, 2])
      }),
    )
  })

  it.effect("writes a run's remaining events at its end, and nothing after it", () => {
    const kept = store()
    return withWriter(kept, (writer) =>
      Effect.gen(function* () {
        const log = new RunLog(runIdOf(1))
        const followed = writer.follow(log)
        say(log, 3)
        yield* TestClock.adjust("1 second")
        say(log, 2)
        const left = () => writer.release(followed).map(({ seq }) => seq)
        assert.deepStrictEqual(left(), [4, 5])
        // The result is the same after a failed attempt.
        assert.deepStrictEqual(left(), [4, 5])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(kept.seqs(1), [1, 2, 3])
      }),
    )
  })
})
