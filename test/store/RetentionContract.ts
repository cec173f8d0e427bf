/** The contract of every adapter of `Retention`. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { RunId } from "../../src/domain/Ids.ts"
import { Retention } from "../../src/store/Retention.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { Stores } from "./StoreContract.ts"
import { attempt, begun, completed, newPrincipal, newTurn, textEntries, type Turn } from "./Turns.ts"

/** Ids come from the machine's clock, so an ended run must have ended by it. */
const now = Date.now()
const hour = 3_600_000

const endedAt = Effect.fnUntraced(function* (at: number, events: number) {
  const runs = yield* Runs
  const turn: Turn = newTurn(newPrincipal(), { at })
  yield* begun(turn)
  // Pages of three, as a slow answer writes them.
  yield* runs.append(Arr.chunksOf(textEntries(1, events), 3).map((entries) => ({ id: turn.run.id, entries })))
  yield* runs.recordAttempt(turn.run.id, attempt(1, false))
  const { ended, message } = completed(turn, "the answer")
  yield* runs.end(ended, message)
  return turn
})

const forgetAll = Effect.fnUntraced(function* (endedBefore: number) {
  const retention = yield* Retention
  const seen: Array<RunId> = []
  for (let after: RunId | undefined; ;) {
    after = yield* retention.deleteEvents(endedBefore, after)
    if (after === undefined) return seen
    seen.push(after)
  }
})

export const retention = (name: string, layer: Layer.Layer<Retention | Stores, unknown>) =>
  withLayer(layer)(`Retention on ${name}`, (it) => {
    it.effect("deletes the events of runs that ended before, in steps, and nothing else", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const old = yield* Effect.forEach([3000, 10, 1500, 1, 900], (events) => endedAt(now - hour, events))
        const running = yield* begun(newTurn(newPrincipal(), { at: now - hour }))
        yield* runs.append([{ id: running.run.id, entries: textEntries(1, 3) }])
        const recent = yield* endedAt(now + 2 * hour, 5)
        const steps = yield* forgetAll(now + hour)
        assert.isAbove(steps.length, 2)
        assert.strictEqual(new Set(steps).size, steps.length)
        for (const { run, session } of old) {
          const owner = { orgId: run.orgId, userId: run.userId, permissions: [] }
          const kept = yield* runs.get(owner, run.id)
          assert.deepStrictEqual(yield* runs.events(run.id, 0), [])
          const parts = yield* runs.expiredParts(run)
          assert.deepStrictEqual(
            parts?.map(({ data }) => data),
            [{ content: "the answer" }],
          )
          assert.strictEqual(kept.run.status, "completed")
          assert.lengthOf(kept.attempts, 1)
          const { entries: messages } = yield* (yield* Sessions).messages(session.id, { limit: 10 })
          assert.deepStrictEqual(
            messages.map(({ content }) => content),
            ["Hello", "the answer"],
          )
        }
        assert.lengthOf(yield* runs.events(running.run.id, 0), 3)
        assert.lengthOf(yield* runs.events(recent.run.id, 0), 5)
        assert.isUndefined(yield* runs.expiredParts(recent.run))
        // Later steps skip the remaining rows, which stay.
        yield* forgetAll(now + hour)
        assert.lengthOf(yield* runs.events(running.run.id, 0), 3)
      }),
    )

    it.effect("is one replica's job until a time, and then the job of the first that claims it", () =>
      Effect.gen(function* () {
        const { claim } = yield* Retention
        const claims = Array.from({ length: 4 }, () => claim(1000, 2000))
        const taken = yield* Effect.all(claims, { concurrency: "unbounded" })
        assert.lengthOf(
          taken.filter((one) => one),
          1,
        )
        assert.isFalse(yield* claim(1999, 3000))
        assert.isTrue(yield* claim(2000, 3000))
        assert.isFalse(yield* claim(2000, 9000))
      }),
    )

    it.effect("deletes the keys that were created before, and no others", () =>
      Effect.gen(function* () {
        const { deleteKeys } = yield* Retention
        const sql = yield* SqlClient.SqlClient
        const { run } = yield* begun()
        const insert = (at: number, index: number) =>
          sql`INSERT INTO idempotency_keys ${sql.insert({ key: `${at}/${index}`, request: "r", run_id: run.id, created_at: at })}`
        const expired = Array.from({ length: 1500 }, (_, index) => insert(10, index))
        yield* sql.withTransaction(Effect.all([...expired, insert(20, 0), insert(30, 0)], { discard: true }))
        assert.isTrue(yield* deleteKeys(20))
        assert.isFalse(yield* deleteKeys(20))
        const left = yield* sql`SELECT key FROM idempotency_keys WHERE run_id = ${run.id} ORDER BY key`.values
        assert.deepStrictEqual(left, [["20/0"], ["30/0"]])
      }),
    )
  })
