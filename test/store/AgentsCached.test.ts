import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { Agent } from "../../src/domain/Agent.ts"
import { AgentId, type OrgId } from "../../src/domain/Ids.ts"
import { AgentNotFound, Agents } from "../../src/store/Agents.ts"
import * as AgentsCached from "../../src/store/AgentsCached.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { agent, orgId, otherOrgId } from "../support/fixtures.ts"

const idOf = (n: number) => AgentId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)
const own = (n: number): Agent => ({ ...agent(), id: idOf(n), orgId, updatedAt: 1 })

/** A store that counts its calls; `kept` is the state after other replicas' changes. */
const store = (...agents: ReadonlyArray<Agent>) => {
  const kept = new Map(agents.map((one) => [one.id, one]))
  const asked = { gets: 0, versions: [] as Array<number> }
  const state = { away: false, gate: Effect.void }
  const use = <A, E>(answer: () => Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | StoreError> =>
      state.away ? Effect.fail(new StoreError({ operation: "Agents", cause: "down" })) : answer(),
    )
  const write = (id: AgentId, name: string): Agent => {
    const before = kept.get(id)!
    const after = {
      ...before,
      settings: { ...before.settings, name },
      updatedAt: before.updatedAt + 1,
    }
    kept.set(id, after)
    return after
  }
  const find = (to: OrgId, id: AgentId) => {
    const found = kept.get(id)
    return found !== undefined && (found.orgId === null || found.orgId === to)
      ? Effect.succeed(found)
      : Effect.fail(new AgentNotFound({ agentId: id }))
  }
  const layer = Layer.mock(Agents, {
    get: (to, id) =>
      use(() => {
        asked.gets += 1
        const found = find(to, id)
        return Effect.andThen(state.gate, found)
      }),
    update: (_, id, settings) => use(() => Effect.sync(() => write(id, settings.name))),
    versions: (ids) =>
      use(() => {
        asked.versions.push(ids.length)
        return Effect.succeed(
          new Map(ids.flatMap((id) => (kept.has(id) ? [[id, kept.get(id)!.updatedAt] as const] : []))),
        )
      }),
  })
  return { kept, asked, state, write, layer: Layer.provide(AgentsCached.layer, layer) }
}

const nameOf = (id: AgentId) =>
  Effect.map(
    Effect.flatMap(Agents, (agents) => agents.get(orgId, id)),
    ({ settings }) => settings.name,
  )

/** Advances the clock in the steps of real time. */
const pass = (millis: number) => Effect.repeat(TestClock.adjust("100 millis"), { times: millis / 100 - 1 })

describe("agents in memory", () => {
  it.effect("are read from the store once while they are in use", () => {
    const kept = store(own(1))
    return Effect.gen(function* () {
      for (let second = 0; second < 30; second++) {
        assert.strictEqual(yield* nameOf(idOf(1)), "Helper")
        yield* pass(1000)
      }
      assert.strictEqual(kept.asked.gets, 1)
    }).pipe(Effect.provide(kept.layer))
  })

  it.effect("show another replica's change or deletion within a second", () => {
    const kept = store(own(1), own(2))
    return Effect.gen(function* () {
      yield* nameOf(idOf(1))
      yield* nameOf(idOf(2))
      yield* pass(700)
      kept.write(idOf(1), "Changed")
      kept.kept.delete(idOf(2))
      yield* pass(1000)
      assert.strictEqual(yield* nameOf(idOf(1)), "Changed")
      assert.strictEqual((yield* Effect.flip(nameOf(idOf(2))))._tag, "AgentNotFound")
    }).pipe(Effect.provide(kept.layer))
  })

  it.effect("show this replica's own change at once, also to a read that began before it", () => {
    const kept = store(own(1))
    return Effect.gen(function* () {
      const agents = yield* Agents
      const gate = yield* Deferred.make<void>()
      kept.state.gate = Deferred.await(gate)
      const early = yield* Effect.forkChild(nameOf(idOf(1)), { startImmediately: true })
      yield* agents.update(orgId, idOf(1), { ...agent().settings, name: "Mine" })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(early), "Helper")
      assert.strictEqual(yield* nameOf(idOf(1)), "Mine")
      yield* agents.update(orgId, idOf(1), { ...agent().settings, name: "Mine again" })
      assert.strictEqual(yield* nameOf(idOf(1)), "Mine again")
    }).pipe(Effect.provide(kept.layer))
  })

  it.effect("are not served beyond a second while the store is away, and are served after its return", () => {
    const kept = store(own(1))
    return Effect.gen(function* () {
      yield* nameOf(idOf(1))
      kept.state.away = true
      yield* pass(900)
      assert.strictEqual(yield* nameOf(idOf(1)), "Helper")
      yield* pass(500)
      assert.strictEqual((yield* Effect.flip(nameOf(idOf(1))))._tag, "StoreError")
      kept.state.away = false
      kept.write(idOf(1), "Changed")
      assert.strictEqual(yield* nameOf(idOf(1)), "Changed")
    }).pipe(Effect.provide(kept.layer))
  })

  it.effect("are never found by another organisation, at any use; a miss is not cached", () => {
    const kept = store(own(1))
    return Effect.gen(function* () {
      const agents = yield* Agents
      yield* nameOf(idOf(1))
      const error = yield* Effect.flip(agents.get(otherOrgId, idOf(1)))
      assert.strictEqual(error._tag, "AgentNotFound")
      assert.strictEqual((yield* Effect.flip(nameOf(idOf(2))))._tag, "AgentNotFound")
      kept.kept.set(idOf(2), own(2))
      assert.strictEqual(yield* nameOf(idOf(2)), "Helper")
    }).pipe(Effect.provide(kept.layer))
  })

  it.effect("are at most a thousand, and polled only while they are in use", () => {
    const kept = store(...Array.from({ length: 1100 }, (_, n) => own(n)))
    return Effect.gen(function* () {
      for (let n = 0; n < 1100; n++) yield* nameOf(idOf(n))
      yield* pass(500)
      assert.strictEqual(kept.asked.versions.at(-1), 1000)
      yield* pass(62_000)
      const asked = kept.asked.versions.length
      yield* pass(5000)
      assert.lengthOf(kept.asked.versions, asked)
    }).pipe(Effect.provide(kept.layer))
  })
})
