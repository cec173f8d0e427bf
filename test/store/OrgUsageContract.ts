/** The contract of every adapter of `OrgUsage`: turns are counted, and quotas refuse. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as TestClock from "effect/testing/TestClock"
import { orgUsage as migration } from "../../src/store/migrations/0012_org_usage.ts"
import { Agents } from "../../src/store/Agents.ts"
import { OrgId } from "../../src/domain/Ids.ts"
import { OrgUsage } from "../../src/store/OrgUsage.ts"
import { Quotas } from "../../src/store/Quotas.ts"
import { Runs } from "../../src/store/Runs.ts"
import { completed, newPrincipal, newTurn, settings } from "./Turns.ts"

export const orgUsage = (
  name: string,
  layer: Layer.Layer<Agents | OrgUsage | Runs | SqlClient.SqlClient, unknown>,
) =>
  withLayer(layer)(`OrgUsage on ${name}`, (it) => {
    /** As another replica reads it. */
    const stored = (orgId: string) =>
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`SELECT sessions, bytes FROM org_usage WHERE org_id = ${orgId}`,
      )

    it.effect("counts sessions and the bytes of messages, for stored turns", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const usage = yield* OrgUsage
        const owner = newPrincipal()
        assert.deepStrictEqual(yield* usage.of(owner.orgId), { sessions: 0, bytes: 0 })
        const first = newTurn(owner, { content: "é" })
        yield* runs.begin(first)
        // The same session is busy: nothing is stored.
        yield* Effect.flip(runs.begin(newTurn(owner, { session: first.session })))
        const answer = completed(first, "four")
        yield* runs.end(answer.ended, answer.message)
        yield* runs.begin(newTurn(owner, { session: first.session, content: "b" }))
        yield* runs.begin(newTurn(owner, { content: "c" }))
        assert.deepStrictEqual(yield* usage.of(owner.orgId), { sessions: 2, bytes: 8 })
        assert.deepStrictEqual(yield* stored(owner.orgId), [])
        yield* usage.flush
        assert.deepStrictEqual(yield* stored(owner.orgId), [{ sessions: 2, bytes: 8 }])
        assert.deepStrictEqual(yield* usage.of(owner.orgId), { sessions: 2, bytes: 8 })
      }),
    )

    it.effect("includes the counts of other replicas after ten seconds", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const usage = yield* OrgUsage
        const { orgId } = newPrincipal()
        usage.count(orgId, { sessions: 1, bytes: 5 })
        assert.deepStrictEqual(yield* usage.of(orgId), { sessions: 1, bytes: 5 })
        yield* sql`INSERT INTO org_usage ${sql.insert({ org_id: orgId, sessions: 10, bytes: 100 })}`
        assert.deepStrictEqual(yield* usage.of(orgId), { sessions: 1, bytes: 5 })
        // Written before the clock moves: the store's time limit would otherwise expire during a real write.
        yield* usage.flush
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(yield* usage.of(orgId), { sessions: 11, bytes: 105 })
      }),
    )

    it.effect("lists the organisations in order, page by page, without waiting for a flush", () =>
      Effect.gen(function* () {
        const usage = yield* OrgUsage
        // Sorts behind the ids of other tests, so that the pages begin here.
        const [before, first, second, third] = ["", "-1", "-2", "-3"].map((n) => OrgId.make(`~page${n}`))
        const ids = [first!, second!, third!]
        for (const id of ids) usage.count(id, { sessions: 1, bytes: 1 })
        assert.deepStrictEqual(yield* usage.list(before, 2), { entries: ids.slice(0, 2), next: second! })
        assert.deepStrictEqual(yield* usage.list(second, 2), { entries: ids.slice(2), next: null })
        assert.includeMembers([...(yield* usage.list(undefined, 1000)).entries], ids)
      }),
    )

    it.effect("retries counts that the store refused", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const usage = yield* OrgUsage
        const { orgId } = newPrincipal()
        usage.count(orgId, { sessions: 1, bytes: 5 })
        yield* sql`ALTER TABLE org_usage RENAME TO org_usage_away`
        yield* usage.flush
        yield* sql`ALTER TABLE org_usage_away RENAME TO org_usage`
        yield* usage.flush
        assert.deepStrictEqual(yield* stored(orgId), [{ sessions: 1, bytes: 5 }])
      }),
    )

    it.effect("counts existing rows when the table is created", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const runs = yield* Runs
        const owner = newPrincipal()
        const first = newTurn(owner, { content: "four" })
        yield* runs.begin(first)
        yield* runs.begin(newTurn(owner, { content: "four" }))
        yield* sql`DROP TABLE org_usage`
        yield* migration
        // Stored text includes its quotes.
        assert.deepStrictEqual(yield* stored(owner.orgId), [{ sessions: 2, bytes: 12 }])
      }),
    )

    it.effect("refuses at a quota, and names it", () =>
      Effect.gen(function* () {
        const usage = yield* OrgUsage
        const quotas = yield* Quotas
        const { orgId } = newPrincipal()
        yield* quotas.session(orgId)
        usage.count(orgId, { sessions: 2, bytes: 5 })
        assert.deepInclude(yield* Effect.flip(quotas.session(orgId)), {
          _tag: "QuotaExceeded",
          resource: "sessions",
          limit: 2,
        })
        yield* quotas.message(orgId)
        usage.count(orgId, { sessions: 0, bytes: 5 })
        assert.deepInclude(yield* Effect.flip(quotas.message(orgId)), {
          resource: "bytes of messages",
          limit: 10,
        })
      }).pipe(Effect.provide(Quotas.layer({ agents: 2, sessions: 2, bytes: 10 }))),
    )

    it.effect("limits the agents of an organisation", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const { orgId } = newPrincipal()
        yield* agents.create(orgId, settings("One"), 2)
        yield* agents.create(orgId, settings("Two"), 2)
        const refused = yield* Effect.flip(agents.create(orgId, settings("Three"), 2))
        assert.deepInclude(refused, { _tag: "QuotaExceeded", resource: "agents", limit: 2 })
        assert.lengthOf((yield* agents.list(orgId, { limit: 10 })).entries, 3)
        yield* agents.create(newPrincipal().orgId, settings("Other"), 2)
      }),
    )
  })
