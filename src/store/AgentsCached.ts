/**
 * A cache in front of the stored `Agents`, so that a turn does not query the database for its agent. One statement
 * finds the changed ones among the agents in use, also those that other replicas changed.
 *
 * Invariant: a returned agent was true at most a second ago, and this replica's own writes show at once. If the store
 * does not answer, the caller gets the error and no older agent. Misses are not cached.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { Agent } from "../domain/Agent.ts"
import type { AgentId, OrgId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { Agents } from "./Agents.ts"
import * as Loop from "../telemetry/Loop.ts"

const staleAfterMs = 1000
/** Twice within the second, so that one slow answer does not send each turn to the database. */
const askEvery = "400 millis"
/** Most agents take about 1 KB, the largest a few hundred. */
const capacity = 1000
/** An agent without turns for this long is dropped. */
const idleAfterMs = 60_000

interface Known {
  readonly agent: Agent
  /** The start of the last read that confirmed it. */
  trueAt: number
  usedAt: number
}

const isVisible = ({ orgId }: Agent, to: OrgId): boolean => orgId === null || orgId === to

export const layer: Layer.Layer<Agents, never, Agents> = Layer.effect(
  Agents,
  Effect.gen(function* () {
    const store = yield* Agents
    const clock = yield* Clock.clockWith(Effect.succeed)
    /** The least recently used comes first. */
    const known = new Map<AgentId, Known>()
    /** A read that runs during a write may return the state before it. */
    let writes = 0

    const remember = (agent: Agent, at: number): void => {
      known.delete(agent.id)
      known.set(agent.id, { agent, trueAt: at, usedAt: at })
      if (known.size > capacity) known.delete(known.keys().next().value!)
    }

    /** Looks at once, so that the result for a known agent is a value (`StoreHealth.whileUp`). */
    const get: Agents["Service"]["get"] = (orgId, id) => {
      const now = monotonicMillis(clock)
      const found = known.get(id)
      if (found !== undefined && now - found.trueAt < staleAfterMs && isVisible(found.agent, orgId)) {
        known.delete(id)
        known.set(id, found)
        found.usedAt = now
        return Effect.succeed(found.agent)
      }
      return Effect.suspend(() => {
        const at = monotonicMillis(clock)
        const before = writes
        return Effect.tap(store.get(orgId, id), (agent) =>
          Effect.sync(() => {
            if (before === writes) remember(agent, at)
          }),
        )
      })
    }

    const update: Agents["Service"]["update"] = (orgId, id, settings) =>
      // Also after a failure, because the write may have been applied.
      Effect.ensuring(
        store.update(orgId, id, settings),
        Effect.sync(() => {
          writes += 1
          known.delete(id)
        }),
      )

    const ask = Effect.suspend(() => {
      const now = monotonicMillis(clock)
      for (const [id, { usedAt }] of known) if (now - usedAt >= idleAfterMs) known.delete(id)
      const asked = [...known]
      if (asked.length === 0) return Effect.void
      return Effect.map(store.versions(asked.map(([id]) => id)), (versions) => {
        for (const [id, one] of asked) {
          if (versions.get(id) === one.agent.updatedAt) one.trueAt = now
          else if (known.get(id) === one) known.delete(id)
        }
      })
    })

    // Callers that need the store report its absence.
    const refresh = Effect.catchTag(ask, "StoreError", () => Effect.void)
    yield* Loop.every("agent_cache", Schedule.spaced(askEvery), refresh)
    return Agents.of({ ...store, get, update })
  }),
)
