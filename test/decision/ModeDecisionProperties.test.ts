import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Cohort } from "../../src/domain/Cohort.ts"
import { Decision } from "../../src/domain/Decision.ts"
import { ExecutionMode } from "../../src/domain/Mode.ts"
import { orgId, otherOrgId } from "../support/fixtures.ts"
import { runtime, direct, decide, rule, back, ordered } from "./deciding.ts"

const percent = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
const someOrgs = Schema.Array(Schema.Literals([orgId, otherOrgId]))
const anyCase = {
  defaultMode: ExecutionMode,
  enabledOrgs: someOrgs,
  deniedOrgs: someOrgs,
  rules: Schema.Array(Schema.Literals(["tools", "short"])),
  percentage: percent,
  cohort: Schema.NullOr(Cohort),
  needsTools: Schema.Boolean,
  requested: Schema.NullOr(ExecutionMode),
  forced: Schema.NullOr(ExecutionMode),
  shadowPercentage: percent,
  available: Schema.Struct({ runtime: Schema.Boolean, direct: Schema.Boolean }),
  allowed: Schema.Literals(["yes", "no", "probe"]),
  sample: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
}

type AnyCase = { readonly [K in keyof typeof anyCase]: (typeof anyCase)[K]["Type"] }

const mayNot = ({ deniedOrgs, forced }: AnyCase): boolean =>
  forced === direct || (forced === null && deniedOrgs.includes(orgId))

const decideAny = ({
  allowed,
  available,
  cohort,
  forced,
  needsTools,
  requested,
  rules,
  sample,
  ...settings
}: AnyCase) =>
  decide({
    settings: { ...settings, rules: rules.map((name) => (name === "tools" ? rule : back)) },
    request: { cohort, needsTools, requested: requested ?? undefined },
    available,
    admission: { allowed, reason: allowed },
    sample,
    ...(forced === null ? {} : { forced: ordered(forced) }),
  })

const isDecision = Schema.is(Decision)
const often = { arbitrary: { runs: 500 } }

describe("every decision", () => {
  it.prop(
    "can be stored, names each usable mode once, and names the rule that decided",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      const { available } = given
      const none = !available.direct && (!available.runtime || mayNot(given))
      assert.strictEqual(decision === undefined, none)
      if (decision === undefined) return
      assert.isTrue(isDecision(decision))
      assert.isAtLeast(decision.order.length, 1)
      assert.strictEqual(new Set(decision.order).size, decision.order.length)
      for (const mode of decision.order)
        assert.isTrue(mode === runtime ? given.available.runtime : given.available.direct)
      assert.lengthOf(
        decision.rules.filter(({ decided }) => decided),
        1,
      )
    },
    often,
  )

  it.prop(
    "never moves from direct mode to the runtime, and moves from the runtime to direct mode if it exists",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      if (decision === undefined) return
      const [first, ...rest] = decision.order
      if (first === direct) assert.deepStrictEqual(rest, [])
      else assert.deepStrictEqual(rest, given.available.direct ? [direct] : [])
    },
    often,
  )

  it.prop(
    "never sends a denied organisation to the runtime, not even in shadow",
    anyCase,
    (given) => {
      if (!mayNot(given)) return
      const decision = decideAny(given)
      if (decision === undefined) return
      assert.deepStrictEqual(decision.order, [direct])
      assert.notProperty(decision, "shadow")
    },
    often,
  )

  it.prop(
    "avoids a runtime whose breaker is open, unless it is the only mode or an operator override",
    anyCase,
    (given) => {
      const decision = decideAny({ ...given, allowed: "no" })
      if (decision?.order[0] === runtime && given.forced !== runtime) assert.isFalse(given.available.direct)
      assert.isFalse(decision?.probe ?? false)
    },
    often,
  )

  it.prop(
    "is a probe exactly if the breaker answers so, and then uses the runtime",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      if (decision?.probe) {
        assert.strictEqual(given.allowed, "probe")
        assert.strictEqual(decision.order[0], runtime)
      } else if (decision?.order[0] === runtime && given.forced !== runtime)
        assert.notStrictEqual(given.allowed, "probe")
    },
    often,
  )
})
