import { assert, describe, inject, it } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { RunId } from "../../src/domain/Ids.ts"
import * as RedisClient from "../../src/persistence/RedisClient.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import * as RunStream from "../../src/sharing/RunStream.ts"
import { done } from "../http/streams.ts"
import { noon, text } from "../support/fixtures.ts"
import { textOf } from "./replicas.ts"

const filled = (events: number, size = 10): RunLog => {
  const log = new RunLog(RunId.make(uuidV7Unsafe()))
  for (let n = 1; n <= events; n++) log.message(text("x".repeat(size)), noon)
  return log
}

const write = (redis: Redis.Redis["Service"], log: RunLog, cursor: number) =>
  RunStream.write(redis, log, (after) => Effect.succeed(log.read(after, 64 * 1024)), cursor)

const url = inject("redisUrl")
describe.skipIf(url === undefined)("a run's stream", () => {
  const test = (name: string, body: (redis: Redis.Redis["Service"]) => Effect.Effect<void, unknown>) =>
    it.live(name, () =>
      Effect.gen(function* () {
        const redis = yield* Redis.Redis
        yield* Effect.retry(redis.send("PING"), Schedule.spaced("25 millis"))
        yield* body(redis)
      }).pipe(Effect.provide(RedisClient.layer(Redacted.make(url ?? "")))),
    )
  const key = ({ runId }: RunLog) => `crossfade:run:${runId}`

  test("has a page once, also when it is written again, alone or with what came meanwhile", (redis) =>
    Effect.gen(function* () {
      const log = filled(3)
      assert.deepStrictEqual(yield* write(redis, log, 0), { cursor: 3, more: false })
      assert.deepStrictEqual(yield* write(redis, log, 0), { cursor: 3, more: false })
      assert.strictEqual(yield* redis.send("XLEN", key(log)), 1)
      log.end(done)
      assert.deepStrictEqual(yield* write(redis, log, 0), { cursor: 4, more: false })
      const copy = new RunLog(log.runId)
      yield* RunStream.read(redis, [copy])
      assert.strictEqual(textOf(copy), textOf(log))
    }))

  test("is written again after Redis lost it, and a reader continues from its cursor", (redis) =>
    Effect.gen(function* () {
      const log = filled(3)
      const copy = new RunLog(log.runId)
      const { cursor } = yield* write(redis, log, 0)
      yield* RunStream.read(redis, [copy])
      yield* redis.send("DEL", key(log))
      log.end(done)
      assert.deepStrictEqual(yield* write(redis, log, cursor), { cursor: 0, more: true })
      assert.strictEqual(yield* redis.send("EXISTS", key(log)), 0)
      yield* write(redis, log, 0)
      yield* RunStream.read(redis, [copy])
      assert.strictEqual(textOf(copy), textOf(log))
    }))

  test("continues from the rest after Redis lost a part", (redis) =>
    Effect.gen(function* () {
      const log = filled(2)
      yield* write(redis, log, 0)
      for (const word of ["3", "4", "5"]) log.message(text(word), noon)
      assert.deepStrictEqual(yield* write(redis, log, 4), { cursor: 2, more: true })
      assert.deepStrictEqual(yield* write(redis, log, 2), { cursor: 5, more: false })
      const copy = new RunLog(log.runId)
      yield* RunStream.read(redis, [copy])
      assert.strictEqual(textOf(copy), textOf(log))
    }))

  test("is written and read page by page, for many long runs at once", (redis) =>
    Effect.gen(function* () {
      const logs = [filled(800, 1000), ...Array.from({ length: 40 }, () => filled(2))]
      let pages = 0
      for (const log of logs) {
        let at = yield* write(redis, log, 0)
        for (; at.more; pages++) at = yield* write(redis, log, at.cursor)
      }
      assert.isAtLeast(pages, 10)
      const copies = logs.map(({ runId }) => new RunLog(runId))
      assert.isTrue(yield* RunStream.read(redis, copies))
      assert.isFalse(yield* RunStream.read(redis, copies))
      assert.deepStrictEqual(copies.map(textOf), logs.map(textOf))
    }))

  test("fails the write if a page is refused for any other reason", (redis) =>
    Effect.gen(function* () {
      const log = filled(1)
      yield* redis.send("SET", key(log), "no stream")
      assert.include(String((yield* Effect.flip(write(redis, log, 0))).cause), "WRONGTYPE")
      yield* redis.send("DEL", key(log))
    }))
})
