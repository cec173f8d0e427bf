/** The contract of every adapter of `Agents`, `Sessions` and `Runs`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as TestClock from "effect/testing/TestClock"
import { clientKey } from "../../src/domain/ClientKey.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId } from "../../src/domain/Ids.ts"
import { Agents } from "../../src/store/Agents.ts"
import type { Audit } from "../../src/store/Audit.ts"
import type { RolloutStore } from "../../src/store/RolloutStore.ts"
import type { Replicas } from "../../src/store/Replicas.ts"
import { Runs } from "../../src/store/Runs.ts"
import type { SessionLists } from "../../src/store/SessionLists.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { completed, listedSessions, naughty, newPrincipal, newTurn, settings, plain } from "./Turns.ts"

export type Stores =
  | Agents
  | Audit
  | Replicas
  | RolloutStore
  | SessionLists
  | Sessions
  | Runs
  | SqlClient.SqlClient

export const agents = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Agents on ${name}`, (it) => {
    it.effect("an empty store has the default agent, which every organisation sees and none can change", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const { orgId } = newPrincipal()
        const [only, ...others] = (yield* agents.list(orgId, { limit: 10 })).entries
        assert.deepStrictEqual(others, [])
        assert.strictEqual(only?.id, defaultAgentId)
        assert.strictEqual(only?.orgId, null)
        assert.strictEqual(only?.settings.name, "Assistant")
        assert.isTrue(only?.settings.active)
        assert.isFalse("model" in only!.settings)
        assert.isNotEmpty(only?.settings.systemPrompt)
        assert.deepStrictEqual(yield* agents.get(orgId, defaultAgentId), only)
        const refused = yield* Effect.flip(agents.update(orgId, defaultAgentId, settings("Mine")))
        assert.deepInclude(refused, { _tag: "AgentNotFound", agentId: defaultAgentId })
        assert.deepStrictEqual((yield* agents.list(newPrincipal().orgId, { limit: 10 })).entries, [only])
      }),
    )

    it.effect("an agent is stored unchanged, and modified only by its organisation", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const { orgId } = newPrincipal()
        const stranger = newPrincipal().orgId
        const now = yield* Clock.currentTimeMillis
        const created = yield* agents.create(orgId, settings("First"), 1000)
        assert.match(created.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
        assert.deepInclude(created, { orgId, createdAt: now, updatedAt: now })
        assert.deepStrictEqual(yield* agents.get(orgId, created.id), created)
        assert.deepStrictEqual(created.settings, settings("First"))

        yield* TestClock.adjust("1 second")
        const updated = yield* agents.update(orgId, created.id, settings("Second"))
        assert.deepStrictEqual(updated, { ...created, settings: settings("Second"), updatedAt: now + 1000 })
        assert.deepStrictEqual(yield* agents.get(orgId, created.id), updated)

        const second = yield* agents.create(orgId, settings("Third"), 1000)
        const ids = (yield* agents.list(orgId, { limit: 10 })).entries.map(({ id }) => id)
        assert.deepStrictEqual(
          ids.filter((id) => id !== defaultAgentId),
          [created.id, second.id],
        )

        assert.strictEqual((yield* Effect.flip(agents.get(stranger, created.id)))._tag, "AgentNotFound")
        const refused = yield* Effect.flip(agents.update(stranger, created.id, settings("Taken")))
        assert.strictEqual(refused._tag, "AgentNotFound")
        assert.notInclude(
          (yield* agents.list(stranger, { limit: 10 })).entries.map(({ id }) => id),
          created.id,
        )
        assert.deepStrictEqual(yield* agents.get(orgId, created.id), updated)
      }),
    )

    it.effect("every change of an agent has a version of its own, also within a millisecond", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const { orgId } = newPrincipal()
        const created = yield* agents.create(orgId, settings("First"), 1000)
        const second = yield* agents.update(orgId, created.id, settings("Second"))
        const third = yield* agents.update(orgId, created.id, settings("Third"))
        assert.isAbove(second.updatedAt, created.updatedAt)
        assert.isAbove(third.updatedAt, second.updatedAt)
        assert.strictEqual((yield* agents.get(orgId, created.id)).updatedAt, third.updatedAt)
        const unknown = AgentId.make("00000000-0000-7000-8000-0000000000ff")
        assert.deepStrictEqual(
          yield* agents.versions([created.id, unknown]),
          new Map([[created.id, third.updatedAt]]),
        )
      }),
    )

    it.effect("an unreadable row is a StoreError that names the method", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const sql = yield* SqlClient.SqlClient
        const { orgId } = newPrincipal()
        const id = AgentId.make("00000000-0000-7000-8000-00000000dead")
        yield* sql`INSERT INTO agents ${sql.insert({ id, org_id: orgId, settings: '{"name":', created_at: 1, updated_at: 1 })}`
        const error = yield* Effect.flip(agents.get(orgId, id))
        assert.deepInclude(error, { _tag: "StoreError", operation: "Agents.get" })
        yield* sql`DELETE FROM agents WHERE id = ${id}`
      }),
    )
  })

export const sessions = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Sessions on ${name}`, (it) => {
    it.effect("a session is found by its user and not by another, of the same organisation or of none", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const owner = newPrincipal()
        const turn = newTurn(owner, { content: naughty })
        yield* (yield* Runs).begin(turn)
        assert.deepStrictEqual(yield* sessions.get(owner, turn.session.id), turn.session)
        const colleague = newPrincipal(owner.orgId)
        const namesake = { ...owner, orgId: newPrincipal().orgId }
        for (const other of [colleague, namesake]) {
          const error = yield* Effect.flip(sessions.get(other, turn.session.id))
          assert.deepInclude(error, { _tag: "SessionNotFound", sessionId: turn.session.id })
          assert.deepStrictEqual(yield* listedSessions(other), [])
        }
      }),
    )

    it.effect("a session is found under its client's own id, by its user only", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = newTurn(owner)
        const clientId = `thread ${naughty}`
        yield* runs.begin({ ...turn, clientKey: clientKey(owner, clientId) })
        yield* runs.begin(newTurn(owner))
        for (const id of [clientId, turn.session.id])
          assert.deepStrictEqual(yield* sessions.ofClient(owner, id), turn.session)
        assert.isUndefined(yield* sessions.ofClient(newPrincipal(owner.orgId), clientId))
        assert.isUndefined(yield* sessions.ofClient(owner, "another thread"))
        const again = { ...newTurn(owner), clientKey: clientKey(owner, clientId) }
        assert.strictEqual((yield* Effect.flip(runs.begin(again)))._tag, "SessionBusy")
        assert.isUndefined(yield* sessions.ofClient(owner, again.session.id))
      }),
    )

    it.effect("a message carries its record to later turns", () =>
      Effect.gen(function* () {
        const turn = newTurn(newPrincipal())
        const record = { answers: [{ interruptId: naughty, payload: { approved: true } }] }
        yield* (yield* Runs).begin({ ...turn, userMessage: { ...turn.userMessage, record } })
        const [message] = yield* (yield* Sessions).branch(turn.session.id)
        assert.deepStrictEqual(message?.record, record)
      }),
    )

    it.effect("messages are the last ones, oldest first, also within one millisecond", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        const first = newTurn(owner, { content: "one" })
        const answer = completed(first, "two")
        const second = newTurn(owner, {
          session: first.session,
          content: "three",
          at: answer.message.createdAt,
        })
        yield* runs.begin(first)
        yield* runs.end(answer.ended, answer.message)
        yield* runs.begin(second)
        const all = [first.userMessage, answer.message, second.userMessage]
        assert.deepStrictEqual(
          plain((yield* sessions.messages(first.session.id, { limit: 10 })).entries),
          all,
        )
        assert.deepStrictEqual(
          plain((yield* sessions.messages(first.session.id, { limit: 2 })).entries),
          all.slice(1),
        )
        assert.deepStrictEqual(
          (yield* sessions.messages(newTurn(owner).session.id, { limit: 10 })).entries,
          [],
        )
      }),
    )

    it.effect("text is read unchanged: NUL, lone surrogates, separators, a hundred thousand characters", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = newTurn(owner, { content: naughty })
        const { message, ended } = completed(turn, naughty.repeat(Math.ceil(100_000 / naughty.length)))
        yield* runs.begin(turn)
        yield* runs.end(ended, message)
        const [question, answer] = (yield* sessions.messages(turn.session.id, { limit: 2 })).entries
        assert.isTrue(question?.content === naughty)
        assert.isTrue(answer?.content === message.content)
      }),
    )
  })
