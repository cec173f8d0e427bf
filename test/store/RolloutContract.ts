/** The contract of every adapter of `RolloutStore` and `Audit`, and of the sessions' store for their cohorts. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { Actor } from "../../src/domain/Actor.ts"
import { AgentId } from "../../src/domain/Ids.ts"
import type { OperatorSettings } from "../../src/domain/RolloutSettings.ts"
import { Audit, type Change } from "../../src/store/Audit.ts"
import { RolloutStore } from "../../src/store/RolloutStore.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { Stores } from "./StoreContract.ts"
import { answered, naughty, newPrincipal, newTurn, noon } from "./Turns.ts"

const actor = (): Actor => {
  const { orgId, userId } = newPrincipal()
  return { orgId, userId, requestId: "r-1" }
}

const change = (by: Actor, reason: string | null = null): Change => ({
  at: noon,
  by,
  action: "rollout.change",
  reason,
  before: { percentage: 0 },
  after: { percentage: 2.5, rules: [{ name: naughty }] },
})

const everything = (by: Actor, at: number): OperatorSettings => ({
  defaultMode: { value: "runtime_orchestrator", by, at },
  percentage: { value: 2.5, by, at },
  enabledOrgs: { value: [newPrincipal().orgId], by, at },
  deniedOrgs: { value: [], by, at },
  rules: {
    value: [
      {
        name: naughty.slice(0, 50),
        when: {
          agentIds: [AgentId.make(uuidV7Unsafe())],
          header: { name: "x-plan", value: naughty },
          languages: ["de"],
          minMessageLength: 0,
        },
        mode: "direct_llm",
        enabled: false,
      },
    ],
    by,
    at,
  },
  shadowPercentage: { value: 0, by: { orgId: null, userId: "autopilot", requestId: null }, at },
  thresholds: { value: { errorRate: 0.1, timeoutRate: 0.2, latencyRatio: 0.3, minSamples: 4 }, by, at },
})

/** One more change after any changes of other tests; the store must accept it. */
const save = Effect.fnUntraced(function* (operator: OperatorSettings, entry: Change) {
  const store = yield* RolloutStore
  const { version } = yield* store.load
  const saved = yield* store.save(version, operator, entry)
  return saved ?? (yield* Effect.die("the version had moved"))
})

export const rollout = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`RolloutStore and Audit on ${name}`, (it) => {
    it.effect("an empty store has version 0, nothing set, and no entry", () =>
      Effect.gen(function* () {
        const store = yield* RolloutStore
        assert.deepStrictEqual(yield* store.load, { version: 0, operator: {} })
        assert.isUndefined(yield* store.changedSince(0))
        assert.deepStrictEqual((yield* (yield* Audit).list({ limit: 10 })).entries, [])
      }),
    )

    it.effect("a change by a writer that knows the last version is stored unchanged, with its entry", () =>
      Effect.gen(function* () {
        const store = yield* RolloutStore
        const audit = yield* Audit
        const by = actor()
        const { version } = yield* store.load
        const operator = everything(by, noon)
        const saved = yield* save(operator, change(by, naughty))
        assert.deepStrictEqual(saved, { version: version + 1, operator })
        assert.deepStrictEqual(yield* store.load, saved)
        assert.deepStrictEqual(yield* store.changedSince(version), saved)
        assert.isUndefined(yield* store.changedSince(version + 1))
        const [entry] = (yield* audit.list({ limit: 1 })).entries
        assert.deepInclude(entry, change(by, naughty))
        assert.match(entry!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
      }),
    )

    it.effect("a change of an outdated version is refused, and leaves no entry", () =>
      Effect.gen(function* () {
        const store = yield* RolloutStore
        const audit = yield* Audit
        const by = actor()
        const { version } = yield* save({}, change(by))
        const last = (yield* audit.list({ limit: 1 })).entries
        assert.isUndefined(yield* store.save(version - 1, everything(by, 1), change(by)))
        assert.deepStrictEqual(yield* store.load, { version, operator: {} })
        assert.deepStrictEqual((yield* audit.list({ limit: 1 })).entries, last)
      }),
    )

    it.effect("exactly one of many changes of one version is stored", () =>
      Effect.gen(function* () {
        const store = yield* RolloutStore
        const audit = yield* Audit
        const by = actor()
        const { version } = yield* save({}, change(by))
        const one = store.save(version, everything(by, 2), change(by, "race"))
        const results = yield* Effect.all(
          Array.from({ length: 8 }, () => one),
          { concurrency: "unbounded" },
        )
        assert.lengthOf(
          results.filter((saved) => saved !== undefined),
          1,
        )
        const races = (yield* audit.list({ limit: 20 })).entries.filter(
          ({ by: { userId } }) => userId === by.userId,
        )
        assert.deepStrictEqual(
          races.map(({ reason }) => reason),
          ["race", null],
        )
      }),
    )

    it.effect("a setting is not changed if its entry cannot be written", () =>
      Effect.gen(function* () {
        const store = yield* RolloutStore
        const sql = yield* SqlClient.SqlClient
        const by = actor()
        const before = yield* save({}, change(by))
        yield* sql`ALTER TABLE audit RENAME TO audit_away`
        const error = yield* Effect.flip(store.save(before.version, everything(by, 3), change(by)))
        yield* sql`ALTER TABLE audit_away RENAME TO audit`
        assert.deepInclude(error, { _tag: "StoreError", operation: "RolloutStore.save" })
        assert.deepStrictEqual(yield* store.load, before)
      }),
    )

    it.effect("entries are read newest first, page by page, without gap or overlap", () =>
      Effect.gen(function* () {
        const audit = yield* Audit
        const by = actor()
        for (const reason of ["one", "two", "three"])
          yield* audit.add({ ...change(by, reason), action: "a.b" })
        const first = (yield* audit.list({ limit: 2 })).entries
        const second = (yield* audit.list({ limit: 1, before: first[1]!.id })).entries
        assert.deepStrictEqual(
          [...first, ...second].map(({ reason }) => reason),
          ["three", "two", "one"],
        )
        assert.deepInclude(first[0], { by, action: "a.b" })
      }),
    )

    it.effect("a session keeps the first cohort that was written, for all later turns", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        const first = yield* answered(newTurn(owner))
        const { session } = first
        const cohort = Effect.map(sessions.get(owner, session.id), (kept) => kept.cohort)
        assert.isNull(yield* cohort)
        yield* answered(newTurn(owner, { session: { ...session, cohort: "control" } }))
        assert.strictEqual(yield* cohort, "control")
        for (const later of ["treatment", null] as const) {
          yield* answered(newTurn(owner, { session: { ...session, cohort: later } }))
          assert.strictEqual(yield* cohort, "control")
        }
        const born = newTurn(owner)
        yield* runs.begin({ ...born, session: { ...born.session, cohort: "treatment" } })
        assert.strictEqual((yield* sessions.get(owner, born.session.id)).cohort, "treatment")
      }),
    )
  })
