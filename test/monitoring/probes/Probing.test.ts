import { assert, describe, it } from "@effect/vitest"
import * as Probing from "../../../src/monitoring/probes/Probing.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"
import { start } from "../schedules.ts"

const calm: Probing.Situation = { state: "closed", good: false, suspicious: false, wanted: false }

/** Probing over one state, with the default policy. */
class Drill {
  probing: Probing.Probing

  constructor(given: Partial<Probing.Probing> = {}) {
    this.probing = { ...Probing.initial, ...given }
  }

  take(situation: Probing.Situation, now: number): Probing.Probe | undefined {
    const [probe, probing] = Probing.take(this.probing, defaultPolicy, situation, 0, now)
    this.probing = probing
    return probe
  }

  end(probe: Probing.Probe | undefined, result: Probing.ProbeResult, now: number): void {
    assert.isDefined(probe)
    this.probing = Probing.end(this.probing, probe!, result, now)
  }
}

/** The starts of probes within so many seconds, in milliseconds, if each ends at once with `result`. */
const begun = (
  situation: Probing.Situation,
  seconds: number,
  result: Probing.ProbeResult | "never" = "good",
  drill = new Drill(),
) => {
  const starts: Array<number> = []
  for (let ms = 0; ms <= seconds * 1000; ms += 500) {
    const probe = drill.take(situation, start + ms)
    if (probe === undefined) continue
    starts.push(ms)
    if (result !== "never") drill.end(probe, result, start + ms)
  }
  return starts
}

/** A drill with a verdict. */
const settled = (verdictAt = start) => new Drill({ verdictAt })

describe("Probing", () => {
  it("starts with one probe, and sends no more while no turn wants the runtime", () => {
    assert.deepStrictEqual(begun(calm, 600), [0])
  })

  it("while turns want the runtime, probes after 30 s without a verdict", () => {
    assert.deepStrictEqual(begun({ ...calm, wanted: true }, 95, "good", settled()), [30_000, 60_000, 90_000])
    const busy = settled(start + 50_000)
    assert.deepStrictEqual(begun({ ...calm, wanted: true }, 90, "good", busy), [80_000])
  })

  it("under suspicion sends five, one a second, then one in 30 s, and five at the next suspicion", () => {
    const drill = settled()
    const suspicious = { ...calm, suspicious: true }
    const burst = [0, 1000, 2000, 3000, 4000]
    assert.deepStrictEqual(begun(suspicious, 65, "good", drill), [...burst, 34_000, 64_000])
    drill.take(calm, start + 66_000)
    assert.isDefined(drill.take(suspicious, start + 67_000))
  })

  it("a bad probe is a suspicion", () => {
    assert.deepStrictEqual(begun(calm, 30, "bad"), [0, 1000, 2000, 3000, 4000, 5000])
  })

  it("while open probes every 2 s, after a good one every second", () => {
    const open = { ...calm, state: "open" } as const
    assert.deepStrictEqual(begun(open, 6, "bad"), [0, 2000, 4000, 6000])
    assert.deepStrictEqual(begun({ ...open, good: true }, 3), [0, 1000, 2000, 3000])
  })

  it("never runs more than five at once; a lost one counts for twice the deadline", () => {
    const open = { ...calm, state: "open" } as const
    assert.deepStrictEqual(begun(open, 15, "never"), [0, 2000, 4000, 6000, 8000])
    assert.deepStrictEqual(begun(open, 17, "never").slice(5), [16_500])
  })

  it("is mute after ten neutral probes in a row, until one has a result", () => {
    const drill = settled()
    const open = { ...calm, state: "open" } as const
    begun(open, 16, "neutral", drill)
    assert.isFalse(Probing.isMute(drill.probing, defaultPolicy), "nine")
    const tenth = drill.take(open, start + 18_000)
    drill.end(tenth, "neutral", start + 18_000)
    assert.isTrue(Probing.isMute(drill.probing, defaultPolicy))
    const next = drill.take(open, start + 20_000)
    drill.end(next, "bad", start + 20_000)
    assert.isFalse(Probing.isMute(drill.probing, defaultPolicy))
  })

  it("sends none during the ramp: there are users", () => {
    assert.deepStrictEqual(begun({ ...calm, state: "other", wanted: true }, 60), [])
  })

  it("a neutral end is no verdict, and a probe ends once", () => {
    const drill = settled()
    const probe = drill.take({ ...calm, suspicious: true }, start)
    assert.isDefined(probe)
    drill.end(probe, "neutral", start + 1000)
    assert.deepInclude(drill.probing, { verdictAt: start, failed: false })
    assert.isFalse(Probing.isUnderway(drill.probing, probe!))
  })
})
