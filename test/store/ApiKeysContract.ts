/** The contract of every adapter of `ApiKeys`, and the limits of a key in the stores of sessions and runs. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type ApiKey, hashOf, keyTextOf, prefixOf } from "../../src/domain/ApiKey.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId, ApiKeyId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { ApiKeys, mostKeysOfOrg } from "../../src/store/ApiKeys.ts"
import { Audit } from "../../src/store/Audit.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { Stores } from "./StoreContract.ts"
import { listedSessions, newPrincipal, newTurn, noon } from "./Turns.ts"

const keyIdOf = () => ApiKeyId.make(`key_${uuidV7Unsafe().replaceAll("-", "")}`)
const other = AgentId.make("00000000-0000-4000-8000-0000000000aa")

const newKey = ({ orgId, userId }: Principal, fields: Partial<ApiKey> = {}) => {
  const text = keyTextOf(crypto.getRandomValues(new Uint8Array(32)))
  const key: ApiKey = {
    id: keyIdOf(),
    orgId,
    userId,
    name: "nightly 👩‍👩‍👧 'report' \\",
    prefix: prefixOf(text),
    permissions: ["chat:*", "sessions:write"],
    agents: [defaultAgentId],
    ratePerMinute: 60,
    expiresAt: noon + 1000,
    createdAt: noon,
    createdWith: keyIdOf(),
    revokedAt: null,
    lastUsedAt: null,
    ...fields,
  }
  return { key, text, hash: hashOf(text) }
}

const by = ({ orgId, userId }: Principal) => ({ orgId, userId, requestId: "r-1" })

const stored = Effect.fnUntraced(function* (owner: Principal, fields: Partial<ApiKey> = {}) {
  const made = newKey(owner, fields)
  yield* (yield* ApiKeys).create(made.key, made.hash, { at: noon, by: by(owner) })
  return made
})

const onlyFor = (agents: ReadonlyArray<AgentId>) => ({
  id: keyIdOf(),
  agents,
  ratePerMinute: null,
  expiresAt: null,
})

export const apiKeys = (name: string, layer: Layer.Layer<ApiKeys | Stores, unknown>) =>
  withLayer(layer)(`ApiKeys on ${name}`, (it) => {
    it.effect("stores a key unchanged without its text, and finds it by its hash alone", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { hash, key, text } = yield* stored(owner)
        const bare = yield* stored(owner, {
          agents: null,
          ratePerMinute: null,
          expiresAt: null,
          createdWith: null,
        })
        const found = yield* keys.find([hash, bare.hash, hashOf("sk-other")])
        assert.deepStrictEqual(
          found,
          new Map([
            [hash, key],
            [bare.hash, bare.key],
          ]),
        )
        const rows = yield* sql`SELECT * FROM api_keys WHERE id = ${key.id}`
        assert.notInclude(JSON.stringify(rows), text.slice(9))
        assert.strictEqual(
          (yield* Effect.flip(keys.create({ ...key, id: keyIdOf() }, hash, { at: noon, by: by(owner) })))
            ._tag,
          "StoreError",
        )
      }),
    )

    it.effect("lists an organisation's keys or a user's, newest first, page by page", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const ana = newPrincipal()
        const bob = { ...newPrincipal(), orgId: ana.orgId }
        yield* stored(newPrincipal())
        const first = (yield* stored(ana)).key
        const second = (yield* stored(bob)).key
        const third = (yield* stored(ana)).key
        const { orgId, userId } = ana
        assert.deepStrictEqual(yield* keys.list({ orgId }, { limit: 10 }), {
          entries: [third, second, first],
          next: null,
        })
        assert.deepStrictEqual(yield* keys.list({ orgId, userId }, { limit: 10 }), {
          entries: [third, first],
          next: null,
        })
        assert.deepStrictEqual(yield* keys.list({ orgId }, { limit: 2 }), {
          entries: [third, second],
          next: second.id,
        })
        assert.deepStrictEqual(yield* keys.list({ orgId }, { limit: 2, before: second.id }), {
          entries: [first],
          next: null,
        })
      }),
    )

    it.effect("revokes a key once, with one entry, and never another organisation's or user's", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const audit = yield* Audit
        const owner = newPrincipal()
        const { hash, key } = yield* stored(owner)
        const scope = { orgId: owner.orgId, userId: owner.userId }
        const change = { at: noon + 5, by: by(owner) }
        for (const foreign of [{ orgId: newPrincipal().orgId }, { ...scope, userId: newPrincipal().userId }])
          assert.strictEqual((yield* Effect.flip(keys.revoke(foreign, key.id, change)))._tag, "KeyNotFound")
        assert.strictEqual((yield* Effect.flip(keys.revoke(scope, keyIdOf(), change)))._tag, "KeyNotFound")
        assert.deepStrictEqual((yield* keys.find([hash])).get(hash), key)

        const revoked = { ...key, revokedAt: noon + 5 }
        assert.deepStrictEqual(yield* keys.revoke({ orgId: owner.orgId }, key.id, change), revoked)
        assert.deepStrictEqual(yield* keys.revoke(scope, key.id, { ...change, at: noon + 9 }), revoked)
        assert.deepStrictEqual((yield* keys.find([hash])).get(hash), revoked)
        const entries = (yield* audit.list({ limit: 50 })).entries.filter(
          ({ by }) => by.userId === owner.userId,
        )
        assert.deepStrictEqual(
          entries.map(({ action, at }) => [action, at]),
          [
            ["key.revoke", noon + 5],
            ["key.create", noon],
          ],
        )
        const { lastUsedAt: _used, name, revokedAt: _revoked, ...described } = key
        assert.deepStrictEqual(entries[1]?.after, described)
        assert.deepStrictEqual([entries[0]?.before, entries[0]?.after], [described, { revokedAt: noon + 5 }])
        assert.notInclude(JSON.stringify(entries), hash)
        assert.notInclude(JSON.stringify(entries), JSON.stringify(name))
      }),
    )

    it.effect("numbers revocations in order, also concurrent ones", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const owner = newPrincipal()
        const made = yield* Effect.forEach(Array.from({ length: 12 }), () => stored(owner))
        const before = yield* keys.lastRevocation
        yield* Effect.forEach(
          made,
          ({ key }) => keys.revoke({ orgId: owner.orgId }, key.id, { at: noon, by: by(owner) }),
          { concurrency: "unbounded" },
        )
        const all = yield* keys.revokedAfter(before, 100)
        assert.sameMembers(
          all.map(({ hash }) => hash),
          made.map(({ hash }) => hash),
        )
        const numbers = all.map(({ number }) => number)
        assert.deepStrictEqual(
          numbers,
          [...new Set(numbers)].toSorted((a, b) => a - b),
        )
        assert.strictEqual(yield* keys.lastRevocation, numbers.at(-1))
        assert.deepStrictEqual(yield* keys.revokedAfter(numbers[3]!, 2), all.slice(4, 6))
        assert.deepStrictEqual(yield* keys.revokedAfter(numbers.at(-1)!, 10), [])
      }),
    )

    it.effect("writes last uses, and keeps the later one", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const owner = newPrincipal()
        const { key } = yield* stored(owner)
        const second = (yield* stored(owner)).key
        yield* keys.recordUses([
          { id: second.id, at: noon + 7 },
          { id: key.id, at: noon + 5 },
        ])
        yield* keys.recordUses([{ id: key.id, at: noon + 4 }])
        const { entries: used } = yield* keys.list({ orgId: owner.orgId }, { limit: 2 })
        assert.deepStrictEqual(
          used.map(({ lastUsedAt }) => lastUsedAt),
          [noon + 7, noon + 5],
        )
      }),
    )

    it.effect("stores at most the allowed valid keys of an organisation, also under concurrency", () =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { key } = yield* stored(owner, { expiresAt: null })
        // A thousand separate ones would take seconds: copies of the first one.
        const copies = Array.from({ length: mostKeysOfOrg - 3 }, (_, n) => n)
        yield* Effect.forEach(copies, (n) => {
          const { id } = newKey(owner).key
          return sql`INSERT INTO api_keys (id, org_id, user_id, name, hash, prefix, permissions, created_at)
            VALUES (${id}, ${owner.orgId}, ${owner.userId}, 'copy', ${`${id}-${n}`}, 'sk-', '[]', ${noon})`
        }).pipe(sql.withTransaction)
        yield* stored(owner, { expiresAt: noon })
        const results = yield* Effect.forEach(Array.from({ length: 6 }), () => Effect.result(stored(owner)), {
          concurrency: "unbounded",
        })
        const refused = results.flatMap((result) => (result._tag === "Failure" ? [result.failure._tag] : []))
        assert.deepStrictEqual(
          refused,
          Array.from({ length: 4 }, () => "TooManyKeys"),
        )
        yield* keys.revoke({ orgId: owner.orgId }, key.id, { at: noon, by: by(owner) })
        yield* stored(owner)
        yield* stored(newPrincipal())
      }),
    )

    it.effect(
      "refuses sessions and runs of agents that the caller's key may not use, and lists none of them",
      () =>
        Effect.gen(function* () {
          const runs = yield* Runs
          const sessions = yield* Sessions
          const owner = newPrincipal()
          const turn = newTurn(owner)
          yield* runs.begin(turn)
          const allowed: Principal = { ...owner, key: onlyFor([other, turn.session.agentId]) }
          const limited: Principal = { ...owner, key: onlyFor([other]) }
          const stranger: Principal = { ...newPrincipal(), key: onlyFor([other]) }
          const found = yield* sessions.get(allowed, turn.session.id)
          assert.strictEqual(found.id, turn.session.id)
          assert.deepStrictEqual((yield* runs.get(allowed, turn.run.id)).run, turn.run)
          assert.deepStrictEqual(yield* listedSessions(allowed), [found.id])
          const denied = { _tag: "AgentDenied", agentId: turn.session.agentId } as const
          assert.deepInclude(yield* Effect.flip(sessions.get(limited, turn.session.id)), denied)
          assert.deepInclude(yield* Effect.flip(runs.get(limited, turn.run.id)), denied)
          assert.deepStrictEqual(yield* listedSessions(limited), [])
          assert.strictEqual(
            (yield* Effect.flip(sessions.get(stranger, turn.session.id)))._tag,
            "SessionNotFound",
          )
        }),
    )
  })
