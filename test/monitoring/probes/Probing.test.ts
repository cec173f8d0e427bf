import { assert, describe, it } from "@effect/vitest"
import * as Probing from "../../../src/monitoring/probes/Probing.ts"
import { start } from "../schedules.ts"

const calm: Probing.Situation = { state: "closed", good: false, suspicious: false, wanted: false }

/** When probes begin within so many seconds, in milliseconds from the start, if each ends at once as `result` says. */
const begun = (
  situation: Probing.Situation,
  seconds: number,
  result: "good" | "bad" | "neutral" | "never" = "good",
  probing = Probing.make(),
) => {
  const found: Array<number> = []
  for (let ms = 0; ms <= seconds * 1000; ms += 500) {
    const probe = Probing.take(probing, situation, 0, start + ms)
    if (probe === undefined) continue
    found.push(ms)
    if (result !== "never") Probing.end(probing, probe, result, start + ms)
  }
  return found
}

/** One that has long begun. */
const settled = () => {
  const probing = Probing.make()
  probing.verdictAt = start
  return probing
}

describe("Probing", () => {
  it("begins with one probe, and sends no more while nobody wants the runtime", () => {
    assert.deepStrictEqual(begun(calm, 600), [0])
  })

  it("while it is wanted, one after 30 s in which nothing was said of it", () => {
    assert.deepStrictEqual(begun({ ...calm, wanted: true }, 95, "good", settled()), [30_000, 60_000, 90_000])
    const busy = settled()
    busy.verdictAt = start + 50_000
    assert.deepStrictEqual(begun({ ...calm, wanted: true }, 90, "good", busy), [80_000])
  })

  it("under suspicion five, one a second, then one in 30 s, and five more at the next suspicion", () => {
    const probing = settled()
    const suspicious = { ...calm, suspicious: true }
    const burst = [0, 1000, 2000, 3000, 4000]
    assert.deepStrictEqual(begun(suspicious, 65, "good", probing), [...burst, 34_000, 64_000])
    Probing.take(probing, calm, 0, start + 66_000)
    assert.isDefined(Probing.take(probing, suspicious, 0, start + 67_000))
  })

  it("a bad probe is suspicion enough", () => {
    assert.deepStrictEqual(begun(calm, 30, "bad"), [0, 1000, 2000, 3000, 4000, 5000])
  })

  it("while open every 2 s, after a good one every second", () => {
    const open = { ...calm, state: "open" } as const
    assert.deepStrictEqual(begun(open, 6, "bad"), [0, 2000, 4000, 6000])
    assert.deepStrictEqual(begun({ ...open, good: true }, 3), [0, 1000, 2000, 3000])
  })

  it("never more than five at once; one that is lost counts until it cannot be true any more", () => {
    const open = { ...calm, state: "open" } as const
    assert.deepStrictEqual(begun(open, 15, "never"), [0, 2000, 4000, 6000, 8000])
    assert.deepStrictEqual(begun(open, 17, "never").slice(5), [16_500])
  })

  it("ten in a row that say nothing are mute, until one speaks", () => {
    const probing = settled()
    const open = { ...calm, state: "open" } as const
    begun(open, 16, "neutral", probing)
    assert.isFalse(Probing.isMute(probing), "nine")
    const tenth = Probing.take(probing, open, 0, start + 18_000)
    Probing.end(probing, tenth!, "neutral", start + 18_000)
    assert.isTrue(Probing.isMute(probing))
    const next = Probing.take(probing, open, 0, start + 20_000)
    Probing.end(probing, next!, "bad", start + 20_000)
    assert.isFalse(Probing.isMute(probing))
  })

  it("none on the way back: there are users again", () => {
    assert.deepStrictEqual(begun({ ...calm, state: "other", wanted: true }, 60), [])
  })

  it("a neutral end says nothing, and a probe ends once", () => {
    const probing = settled()
    const probe = Probing.take(probing, { ...calm, suspicious: true }, 0, start)
    assert.isDefined(probe)
    assert.isTrue(Probing.end(probing, probe!, "neutral", start + 1000))
    assert.deepInclude(probing, { verdictAt: start, failed: false })
    assert.isFalse(Probing.end(probing, probe!, "bad", start + 1000))
    assert.isFalse(probing.failed)
  })
})
