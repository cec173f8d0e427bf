import { assert, describe, it } from "@effect/vitest"
import * as Policies from "../../src/simulation/Policies.ts"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import * as Scenarios from "../../src/simulation/Scenarios.ts"
import * as Timeline from "../../src/simulation/Timeline.ts"

/** The names of the elements, in order; fails where one is closed that is not the last opened, or text is not escaped. */
const elements = (xml: string): ReadonlyArray<string> => {
  const names: Array<string> = []
  const open: Array<string> = []
  const rest = xml.replaceAll(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, end, name, _attributes, empty) => {
      if (end === "/") assert.strictEqual(open.pop(), name)
      else {
        names.push(name)
        if (empty !== "/") open.push(name)
      }
      return ""
    },
  )
  assert.deepStrictEqual(open, [])
  assert.notMatch(rest, /[<>]|&(?!(amp|lt|gt|quot);)/)
  return names
}

describe("A picture of a run", () => {
  const scenario = { ...Scenarios.find("flapping"), name: `a "<b>" & c` }
  const panels = (["ours", "stay"] as const).map((policy) => ({
    policy,
    tally: ScenarioRun.run(scenario, Policies.make(policy, Policies.usual), 1),
  }))
  const svg = Timeline.svg(scenario, panels)

  it("is well-formed for any scenario name, and has a title and a description", () => {
    const names = elements(svg)
    assert.deepStrictEqual(names.slice(0, 3), ["svg", "title", "desc"])
    assert.include(svg, `<title id="title">Simulated: a &quot;&lt;b&gt;&quot; &amp; c</title>`)
  })

  it("shades each time that a flapping fault is on, for every policy", () => {
    // One more is in the legend.
    assert.strictEqual(svg.split(`class="fault"`).length - 1, 2 * 10 + 1)
  })

  it("shows the states of the breaker with their times", () => {
    assert.match(svg, /<title>open, 60\d(\.\d)? s to \d+(\.\d)? s<\/title>/)
    assert.match(svg, /<title>ramp 20 %, /)
  })
})
