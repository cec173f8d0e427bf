import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { RunId } from "../../src/domain/Ids.ts"
import type { RunLog } from "../../src/runs/RunLog.ts"
import { SharedLogs } from "../../src/sharing/SharedLogs.ts"
import { done } from "../http/streams.ts"
import { naughty } from "../store/Turns.ts"
import { noon, run, runIdOf, table, text, toolCall } from "../support/fixtures.ts"
import { textOf, kept, ownRedis, pair, until } from "./replicas.ts"

const say = (log: RunLog, ...words: ReadonlyArray<string>) => {
  for (const word of words) log.message(text(word), noon)
}
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`)

/** The commands that a Redis has served of these names. */
const served = (info: string, ...names: ReadonlyArray<string>) =>
  names.reduce(
    (sum, name) => sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0),
    0,
  )

describe("alone, a run of another replica", () => {
  it.effect("is neither read nor cancelled, and is not reported as ended", () =>
    Effect.gen(function* () {
      const { cancel, follow } = yield* SharedLogs
      for (const refused of [Effect.asVoid(follow(runIdOf(1), 0)), Effect.asVoid(cancel(runIdOf(1)))]) {
        assert.strictEqual((yield* Effect.flip(refused))._tag, "RunElsewhere")
      }
    }).pipe(Effect.provide(SharedLogs.layerAlone)),
  )
})

describe.skipIf(inject("redisUrl") === undefined)("over Redis, a run of another replica", () => {
  it.live("is read byte by byte the same, from the first event on, while it grows and at its end", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const [owner, reader] = yield* pair(url, kept())
      const log = yield* owner.begin
      say(log, ...numbers(1, 300), naughty)
      for (const draft of [table, toolCall("c1")]) log.message(draft, noon)
      const { log: mirror } = yield* reader.logs.follow(log.runId, 301)
      assert.isAtLeast(mirror.lastSeq, 301)
      assert.isTrue(textOf(log).startsWith(textOf(mirror)))
      // More than a page.
      say(log, "x".repeat(200_000), ...numbers(305, 400))
      log.end(done)
      yield* mirror.whenEnded
      // By then it may have forgotten the first of them, which its readers find in the store.
      assert.isTrue(textOf(log).endsWith(textOf(mirror)))
      assert.strictEqual(mirror.lastSeq, log.lastSeq)
    }),
  )

  it.live("has one mirror for all of its readers here", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const [owner, reader] = yield* pair(url, kept())
      const log = yield* owner.begin
      say(log, "a")
      const first = yield* reader.logs.follow(log.runId, 1)
      const second = yield* reader.logs.follow(log.runId, 0)
      assert.strictEqual(second.log, first.log)
    }),
  )

  it.live("costs Redis nothing without a remote reader", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const [owner, reader] = yield* pair(url, kept())
      const quiet = yield* owner.begin
      const read = yield* owner.begin
      say(quiet, ...numbers(1, 100))
      say(read, "a")
      yield* reader.logs.follow(read.runId, 1)
      const info = yield* owner.redis.send<string>("INFO", "commandstats")
      assert.isAtLeast(served(info, "xread"), 1)
      assert.deepStrictEqual(yield* owner.redis.send("KEYS", "*"), [`crossfade:run:${read.runId}`])
      const expiry = yield* owner.redis.send<number>("TTL", `crossfade:run:${read.runId}`)
      assert.isTrue(expiry > 0 && expiry <= 60)
    }),
  )

  it.live("is read to its end from the store without a gap after its replica died", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const store = kept()
      const [owner, reader] = yield* pair(url, store)
      const log = yield* owner.begin
      const { runId } = log
      say(log, "1", "2", "3")
      const { attach, log: mirror } = yield* reader.logs.follow(runId, 3)
      yield* attach
      yield* owner.die
      // Written before it died, and never seen here.
      const written = [4, 5].map((seq) => ({ seq, event: { ...log.read(0)[0]!.event } }))
      store.events.set(runId, [...log.read(0).slice(0, 3), ...written])
      const error = { code: "RUN_INTERRUPTED", message: "", runId, recoverable: true }
      store.ended.set(runId, run({ id: runId, status: "interrupted", error, endedAt: noon }))
      yield* mirror.whenEnded
      assert.deepStrictEqual(
        mirror.read(0).map(({ event, seq }) => `${seq} ${event.event}`),
        ["1 message", "2 message", "3 message", "4 message", "5 message", "6 error"],
      )
    }).pipe(Effect.scoped),
  )

  it.live("is read from the store if it ended just before a reader follows it", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const store = kept()
      const [, reader] = yield* pair(url, store)
      const id = runIdOf(7)
      store.ended.set(id, run({ id, status: "failed", endedAt: noon }))
      const { log } = yield* reader.logs.follow(id, 3)
      assert.isTrue(log.ended)
    }),
  )

  it.live(
    "fails with RunElsewhere without an answering replica: its events after a cursor, and its cancel",
    () =>
      Effect.gen(function* () {
        const { url } = yield* ownRedis
        const [, reader] = yield* pair(url, kept())
        const nobodys = RunId.make(crypto.randomUUID())
        const [followed, cancelled] = yield* Effect.all(
          [Effect.flip(reader.logs.follow(nobodys, 1)), Effect.flip(reader.logs.cancel(nobodys))],
          { concurrency: 2 },
        )
        assert.deepStrictEqual([followed._tag, cancelled._tag], ["RunElsewhere", "RunElsewhere"])
      }),
  )

  it.live("is cancelled from here, and who reads it here is told", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const [owner, reader] = yield* pair(url, kept())
      const log = yield* owner.begin
      say(log, "a")
      const { log: mirror } = yield* reader.logs.follow(log.runId, 1)
      assert.isTrue(yield* reader.logs.cancel(log.runId))
      assert.isTrue(log.ended)
      yield* mirror.whenEnded
      assert.strictEqual(textOf(mirror), textOf(log))
    }),
  )

  it.live("is not cancelled while it is read here, and is when its last reader has left", () =>
    Effect.gen(function* () {
      const { url } = yield* ownRedis
      const [owner, reader] = yield* pair(url, kept(), "100 millis")
      const log = yield* owner.begin
      const { attach } = yield* reader.logs.follow(log.runId, 0)
      const reading = yield* Scope.make()
      yield* Scope.provide(attach, reading)
      // Longer than a reading that is said once counts.
      const ended = yield* Effect.forkChild(log.whenEnded)
      yield* Effect.sleep("6 seconds")
      assert.isUndefined(ended.pollUnsafe())
      yield* Scope.close(reading, Exit.void)
      yield* Fiber.join(ended)
    }),
  )

  it.live("is refused while Redis is away, and goes on where it stood when Redis is back without it", () =>
    Effect.gen(function* () {
      const redis = yield* ownRedis
      const [owner, reader] = yield* pair(redis.url, kept(), "100 millis")
      const log = yield* owner.begin
      say(log, ...numbers(1, 20))
      const { attach, log: mirror } = yield* reader.logs.follow(log.runId, 20)
      yield* attach
      yield* redis.stop
      yield* until(() => {
        say(log, "while it is away")
        return log.lastSeq > 30
      })
      for (const refused of [
        Effect.asVoid(reader.logs.follow(log.runId, 0)),
        Effect.asVoid(reader.logs.cancel(log.runId)),
      ]) {
        assert.strictEqual((yield* Effect.flip(refused))._tag, "RunElsewhere")
      }
      // The reader that was there is still thought of, longer than a reading that is said once counts.
      yield* Effect.sleep("5 seconds")
      assert.isFalse(log.ended)
      yield* redis.start
      yield* until(() => mirror.lastSeq === log.lastSeq)
      say(log, "and on")
      log.end(done)
      yield* mirror.whenEnded
      assert.strictEqual(textOf(mirror), textOf(log))
    }).pipe(Effect.scoped),
  )
})
