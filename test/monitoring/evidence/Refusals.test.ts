import { assert, describe, it } from "@effect/vitest"
import { AgentId } from "../../../src/domain/Ids.ts"
import * as Refusals from "../../../src/monitoring/evidence/Refusals.ts"
import * as OrderedMap from "../../../src/platform/OrderedMap.ts"
import { org, start } from "../schedules.ts"

const of = (number: number, target = "runtime"): Refusals.Refused => ({
  orgId: org(0),
  agentId: AgentId.make(`01890000-0000-7000-8000-${String(number).padStart(12, "0")}`),
  target,
})

describe("refusals of an agent", () => {
  it("are shown from the second on, with the last reason, and logged once, at the third", () => {
    let refusals = Refusals.make()
    const refuse = (...[by, failure, at]: [Refusals.Refused, string, number]) => {
      const [isLogged, next] = Refusals.refused(refusals, by, failure, at)
      refusals = next
      return isLogged
    }
    const logged = ["400", "422 a", "422 b", "422 c"].map((failure, index) =>
      refuse(of(1), failure, start + index),
    )
    assert.deepStrictEqual(logged, [false, false, true, false])
    refuse(of(2), "422", start)
    assert.deepStrictEqual(Refusals.repeated(refusals), [
      { ...of(1), failure: "422 c", count: 4, since: start, lastAt: start + 3 },
    ])
  })

  it("are cleared by an answer of the same target for the same agent, and of no other", () => {
    let refusals = Refusals.make()
    const refuse = (...[by, failure, at]: [Refusals.Refused, string, number]) => {
      const [isLogged, next] = Refusals.refused(refusals, by, failure, at)
      refusals = next
      return isLogged
    }
    for (const target of ["runtime", "a"]) {
      for (let time = 0; time < 2; time++) refuse(of(1, target), "422", start)
    }
    refusals = Refusals.answered(refusals, of(2))
    refusals = Refusals.answered(refusals, of(1, "a"))
    assert.deepStrictEqual(
      Refusals.repeated(refusals).map(({ target }) => target),
      ["runtime"],
    )
    // In a row: the count begins anew.
    assert.isFalse(refuse(of(1, "a"), "422", start))
  })

  it("are bounded: the agent that was refused least recently makes room", () => {
    let refusals = Refusals.make()
    const refuse = (...[by, failure, at]: [Refusals.Refused, string, number]) => {
      const [isLogged, next] = Refusals.refused(refusals, by, failure, at)
      refusals = next
      return isLogged
    }
    for (let number = 0; number < 500; number++) {
      refuse(of(0), "422", start)
      refuse(of(number + 1), "422", start)
    }
    assert.strictEqual(OrderedMap.size(refusals), 200)
    assert.strictEqual(Refusals.repeated(refusals).at(0)?.count, 500)
  })
})
