/** The contract of every adapter of `Transitions`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { OrgId } from "../../src/domain/Ids.ts"
import type { ScopedTransition } from "../../src/monitoring/breaker/Transition.ts"
import { Transitions } from "../../src/store/Transitions.ts"

const orgs = [null, OrgId.make("one"), OrgId.make("två")] as const

export const opened = (n: number, orgId: ScopedTransition["orgId"]): ScopedTransition => ({
  orgId,
  from: "closed",
  to: "forced_direct",
  at: 1_000_000 + n,
  reason: `the ${n}th`,
  evidence: { faults: 12.25, timeouts: 0, orgs: [{ orgId: OrgId.make("one"), added: 3 }] },
  breaker: {
    state: "open",
    epoch: n,
    since: 5,
    level: 1,
    reason: "r",
    until: 9,
    goodSince: undefined,
    good: 0,
  },
  forced: { mode: "direct_llm", by: "ops", reason: "drill", since: 4, expiresAt: null },
})

const closed = (n: number): ScopedTransition => ({
  ...opened(n, null),
  to: "closed",
  breaker: { state: "closed", epoch: n, since: 7, level: undefined },
  forced: null,
})

export const transitions = (name: string, layer: Layer.Layer<Transitions, unknown>) =>
  withLayer(layer)(`Transitions on ${name}`, (it) => {
    it.effect("are read unchanged, newest first, with the last one of each scope", () =>
      Effect.gen(function* () {
        const transitions = yield* Transitions
        assert.deepStrictEqual(yield* transitions.last, [])
        const added = [opened(1, orgs[1]), opened(2, null), opened(3, orgs[2]), closed(4), opened(5, orgs[1])]
        yield* Effect.forEach(added, transitions.add)
        // JSON leaves out undefined fields.
        const bare = (list: ReadonlyArray<ScopedTransition>) => JSON.parse(JSON.stringify(list))
        assert.deepStrictEqual(
          bare((yield* transitions.list({ limit: 100 })).entries),
          bare(added.toReversed()),
        )
        assert.deepStrictEqual(
          bare((yield* transitions.list({ limit: 2 })).entries),
          bare(added.toReversed().slice(0, 2)),
        )
        const last = yield* transitions.last
        assert.sameDeepMembers(bare(last), bare([added[2]!, added[3]!, added[4]!]))
      }),
    )

    it.effect("the last 1000 are stored, and the last of every scope at any age", () =>
      Effect.gen(function* () {
        const transitions = yield* Transitions
        const quiet = OrgId.make("quiet")
        yield* transitions.add(opened(0, quiet))
        yield* Effect.forEach(
          Array.from({ length: 1010 }, (_, n) => opened(n, null)),
          transitions.add,
        )
        const kept = (yield* transitions.list({ limit: 5000 })).entries
        // And the last ones of three other scopes.
        assert.strictEqual(kept.length, 1003)
        assert.strictEqual(kept[0]?.reason, "the 1009th")
        assert.isTrue((yield* transitions.last).some(({ orgId }) => orgId === quiet))
      }),
    )
  })
