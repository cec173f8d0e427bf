import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import { eventId } from "../../src/domain/EventId.ts"
import { RunId } from "../../src/domain/Ids.ts"
import { ReplicaId } from "../../src/platform/Replica.ts"
import * as Membership from "../../src/replica/Membership.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import { Runs } from "../../src/store/Runs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import type { Beat } from "../../src/platform/Replica.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"

const away = new StoreError({ operation: "Replicas.beat", cause: "away" })
const orphan = RunId.make("01890000-0000-7000-8000-000000000001")
const running = RunId.make("01890000-0000-7000-8000-000000000002")

const store = (exclusive = false) => ({
  exclusive,
  away: false,
  others: [] as Array<Beat>,
  said: 0,
  buried: [] as Array<ReadonlyArray<Beat>>,
  own: [] as Array<RunId>,
  orphans: [] as Array<RunId>,
  interrupted: [] as Array<readonly [RunId, string]>,
  left: false,
})

const entry = (id: RunId, seq: number, content: string): LogEntry => ({
  seq,
  event: {
    event: "message",
    data: {
      id: eventId(id, seq),
      type: "text",
      data: { content },
      timestamp: "2026-01-01T00:00:00.000Z",
    },
  },
})

const member = (kept: ReturnType<typeof store>) =>
  Membership.layer.pipe(
    Layer.provide(
      Layer.succeed(Replicas, {
        exclusive: kept.exclusive,
        beat: Effect.suspend(() =>
          kept.away
            ? Effect.fail(away)
            : Effect.sync(() => ({ known: kept.said++ > 0, others: kept.others })),
        ),
        remove: (dead) => Effect.sync(() => (kept.buried.push(dead), kept.orphans)),
        running: () => Effect.sync(() => kept.own),
        interrupt: (id, seen) =>
          Effect.sync(() => {
            kept.own = kept.own.filter((one) => one !== id)
            kept.interrupted.push([id, seen.content])
            return true
          }),
        retire: Effect.sync(() => {
          kept.left = true
        }),
      }),
    ),
    Layer.provide(layerWebCrypto),
    Layer.provide(
      Layer.mock(Runs, {
        events: (id, after) => Effect.succeed(after > 0 ? [] : [entry(id, 1, "Hel"), entry(id, 2, "lo")]),
      }),
    ),
    Layer.provide(
      Layer.mock(LiveRuns, { get: (id) => (id === running ? ({} as never) : undefined), count: () => 0 }),
    ),
  )

const pass = (seconds: number) =>
  Effect.forEach(Array.from({ length: seconds }), () => TestClock.adjust("1 second"), { discard: true })
const beat = (id: string, number: number): Beat => ({ id: ReplicaId.make(id), beat: number })

describe("a replica among others", () => {
  it.effect("buries who is silent, with the beat that it saw last, and not who speaks", () => {
    const kept = store()
    kept.others = [beat("a", 1), beat("z", 1)]
    return Effect.gen(function* () {
      for (let second = 0; second < 5; second++) {
        kept.others = [beat("a", second + 2), beat("z", 1)]
        yield* pass(1)
      }
      assert.deepStrictEqual(kept.buried, [[]])
      for (let second = 5; second < 9; second++) {
        kept.others = [beat("a", second + 2), beat("z", 1)]
        yield* pass(1)
      }
      assert.deepStrictEqual(kept.buried[1], [beat("z", 1)])
    }).pipe(Effect.provide(member(kept)))
  })

  it.effect("declares no replica dead because the store was away", () => {
    const kept = store()
    kept.others = [beat("z", 1)]
    return Effect.gen(function* () {
      yield* pass(5)
      kept.away = true
      yield* pass(60)
      kept.away = false
      yield* pass(5)
      assert.deepStrictEqual(kept.buried, [[]])
      yield* pass(10)
      assert.isAbove(kept.buried.length, 1)
    }).pipe(Effect.provide(member(kept)))
  })

  it.effect("ends its own running runs without a fiber, and retires at its stop", () => {
    const kept = store()
    kept.own = [orphan, running]
    return Effect.gen(function* () {
      yield* Effect.scoped(Effect.andThen(Layer.build(member(kept)), pass(1)))
      assert.deepStrictEqual(kept.interrupted, [
        [orphan, "Hello"],
        [running, "Hello"],
      ])
      assert.isTrue(kept.left)
    })
  })

  it.effect("interrupts all other replicas' runs at once if it has the store to itself", () => {
    const kept = store(true)
    kept.others = [beat("a", 7)]
    kept.orphans = [orphan]
    return Effect.sync(() => {
      assert.deepStrictEqual(kept.buried, [[beat("a", 7)]])
      assert.deepStrictEqual(kept.interrupted, [[orphan, "Hello"]])
    }).pipe(Effect.provide(member(kept)))
  })
})
