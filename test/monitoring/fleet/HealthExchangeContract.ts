/** The contract of a health exchange, for every adapter. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Exchange, SharedState } from "../../../src/monitoring/fleet/HealthExchange.ts"
import type { HealthEvent } from "../../../src/monitoring/fleet/HealthEvent.ts"
import { org, start } from "../schedules.ts"

const events: ReadonlyArray<HealthEvent> = [
  { _tag: "started", at: start, attempt: 1, orgId: org(1), globalEpoch: 3 },
  { _tag: "progressed", at: start + 5, attempt: 1 },
  {
    ...{ _tag: "ended", at: start + 9, attempt: 1, orgId: org(1) },
    ...{ mode: "runtime_orchestrator", outcome: "error", latencyMs: 9 },
  },
]

const opened = (by: Exchange, number: number, orgId: SharedState["orgId"] = null): SharedState => ({
  ...{ by: by.me, number, orgId, forced: null, transition: null },
  breaker: { state: "half_open", epoch: number, since: start, level: 0, reason: by.me, good: 0 },
})

const nothing = { batch: undefined, after: "0", states: false }

/** `make` gives the exchanges of so many replicas, of a fleet of their own. */
export const suite = (
  name: string,
  make: (replicas: number) => Effect.Effect<ReadonlyArray<Exchange>, unknown, Scope.Scope>,
) =>
  describe(`an exchange of health: ${name}`, () => {
    it.effect("every replica receives every batch and every state once, in one order", () =>
      Effect.gen(function* () {
        const [one, other] = yield* make(2)
        yield* one!.exchange({ ...nothing, batch: { number: 1, events } })
        const revised = yield* other!.propose(opened(other!, 1), 0)
        const { received, more } = yield* other!.exchange(nothing)
        assert.isFalse(more)
        assert.deepStrictEqual(received, [
          { _tag: "batch", id: received[0]!.id, batch: { from: one!.me, number: 1, events } },
          { _tag: "state", id: received[1]!.id, revised },
        ])
        const same = yield* one!.exchange(nothing)
        assert.deepStrictEqual(same.received, received)
        assert.deepStrictEqual((yield* one!.exchange({ ...nothing, after: received[1]!.id })).received, [])
      }),
    )

    it.effect("the first of two proposals on one revision wins, and the second gets the winner", () =>
      Effect.gen(function* () {
        const [one, other] = yield* make(2)
        const won = yield* one!.propose(opened(one!, 1), 0)
        assert.deepStrictEqual(won, { revision: 1, state: opened(one!, 1) })
        assert.deepStrictEqual(yield* other!.propose(opened(other!, 1), 0), won)
        assert.strictEqual((yield* other!.propose(opened(other!, 2), 1)).revision, 2)
        assert.strictEqual((yield* other!.propose(opened(other!, 3, org(1)), 0)).revision, 1)
        const { states } = yield* one!.exchange({ ...nothing, states: true })
        assert.sameDeepMembers(
          [...states],
          [
            { revision: 2, state: opened(other!, 2) },
            { revision: 1, state: opened(other!, 3, org(1)) },
          ],
        )
      }),
    )

    it.effect("counts on from what a replica knows where it knows less itself", () =>
      Effect.gen(function* () {
        const [one, other] = yield* make(2)
        assert.strictEqual((yield* one!.propose(opened(one!, 9), 12)).revision, 13)
        assert.strictEqual((yield* other!.propose(opened(other!, 9), 12)).state.by, one!.me)
      }),
    )

    it.effect("one replica probes for all", () =>
      Effect.gen(function* () {
        const [one, other] = yield* make(2)
        const asks = [one!, other!, one!, other!].map(({ exchange }) =>
          Effect.map(exchange(nothing), ({ probes }) => probes),
        )
        assert.deepStrictEqual(yield* Effect.all(asks), [true, false, true, false])
        assert.strictEqual((yield* one!.exchange(nothing)).born, (yield* other!.exchange(nothing)).born)
      }),
    )
  })
