/** The contract of every adapter of `TokenSpend`, with `Runs.end` and `Retention.deleteSpend`. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Replicas } from "../../src/store/Replicas.ts"
import { Retention } from "../../src/store/Retention.ts"
import { Runs } from "../../src/store/Runs.ts"
import { TokenSpend } from "../../src/store/TokenSpend.ts"
import type { Stores } from "./StoreContract.ts"
import { begun, completed, newPrincipal, newTurn, noon, seen } from "./Turns.ts"

const day = 20_000

export const tokenSpend = (name: string, layer: Layer.Layer<Retention | Stores | TokenSpend, unknown>) =>
  withLayer(layer)(`TokenSpend on ${name}`, (it) => {
    const ended = Effect.fnUntraced(function* (principal = newPrincipal(), tokens = 7, at = day) {
      const turn = yield* begun(newTurn(principal))
      const { ended, message } = completed(turn, "Hi")
      yield* (yield* Runs).end(ended, message, undefined, { day: at, tokens })
      return { ended, message, principal }
    })

    it.effect("sums the turns of a user and of an organisation, day by day", () =>
      Effect.gen(function* () {
        const { spent } = yield* TokenSpend
        const ana = newPrincipal()
        const bob = newPrincipal(ana.orgId)
        for (const [who, tokens] of [
          [ana, 7],
          [ana, 3_000_000_000],
          [bob, 5],
        ] as const)
          yield* ended(who, tokens)
        yield* ended(ana, 11, day + 1)
        yield* ended()
        assert.strictEqual(yield* spent(day, ana.orgId, ana.userId), 3_000_000_007)
        assert.strictEqual(yield* spent(day, ana.orgId, bob.userId), 5)
        assert.strictEqual(yield* spent(day, ana.orgId, undefined), 3_000_000_012)
        assert.strictEqual(yield* spent(day + 1, ana.orgId, undefined), 11)
        assert.strictEqual(yield* spent(day, newPrincipal().orgId, undefined), 0)
      }),
    )

    it.effect("adds tokens that no run spends", () =>
      Effect.gen(function* () {
        const { add, spent } = yield* TokenSpend
        const ana = newPrincipal()
        yield* add({ day, tokens: 5 }, ana)
        yield* ended(ana)
        yield* add({ day, tokens: 3_000_000_000 }, ana)
        yield* add({ day: day + 1, tokens: 1 }, ana)
        assert.strictEqual(yield* spent(day, ana.orgId, ana.userId), 3_000_000_012)
      }),
    )

    it.effect("counts a turn once, even if its end is written again after an unknown outcome", () =>
      Effect.gen(function* () {
        const { spent } = yield* TokenSpend
        const first = yield* ended()
        yield* (yield* Runs).end(first.ended, first.message, undefined, { day, tokens: 7 })
        assert.strictEqual(yield* spent(day, first.principal.orgId, undefined), 7)
      }),
    )

    it.effect("counts nothing for a run that another replica has ended", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const principal = newPrincipal()
        const turn = yield* begun(newTurn(principal))
        yield* (yield* Replicas).interrupt(turn.run.id, seen(), noon + 5)
        const { ended, message } = completed(turn, "Hi")
        yield* Effect.flip(runs.end(ended, message, undefined, { day, tokens: 7 }))
        assert.strictEqual(yield* (yield* TokenSpend).spent(day, principal.orgId, undefined), 0)
      }),
    )

    it.effect("counts all of a user's turns that end at once", () =>
      Effect.gen(function* () {
        const ana = newPrincipal()
        yield* Effect.replicateEffect(ended(ana), 50, { concurrency: "unbounded" })
        assert.strictEqual(yield* (yield* TokenSpend).spent(day, ana.orgId, ana.userId), 350)
      }),
    )

    it.effect("deletes the days before, in steps, and no others", () =>
      Effect.gen(function* () {
        const { deleteSpend } = yield* Retention
        const { spent } = yield* TokenSpend
        const ana = newPrincipal()
        yield* Effect.forEach([10, 11, 12], (old) => ended(ana, 7, old))
        const sql = yield* SqlClient.SqlClient
        const old = Arr.makeBy(1001, (user) => ({
          day: 1,
          org_id: ana.orgId,
          user_id: String(user),
          tokens: 1,
        }))
        yield* sql`INSERT INTO token_spend ${sql.insert(old)}`
        assert.isTrue(yield* deleteSpend(12))
        assert.isFalse(yield* deleteSpend(12))
        assert.strictEqual(yield* spent(11, ana.orgId, undefined), 0)
        assert.strictEqual(yield* spent(12, ana.orgId, undefined), 7)
      }),
    )
  })
