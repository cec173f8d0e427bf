import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { ReplicaId } from "../../src/platform/Replica.ts"
import * as Liveness from "../../src/replica/Liveness.ts"

const id = ReplicaId.make("a")
const other = ReplicaId.make("b")
const waits = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4500 })))

/** Looks at a beat that changes before some of the looks. */
const watch = (looks: ReadonlyArray<{ readonly at: number; readonly beat: number }>) =>
  looks.reduce((before, { at, beat }) => Liveness.observe(before, [{ id, beat }], at), Liveness.none)

describe("a replica", () => {
  it("is dead once its beat has not changed for 6 s of the watcher's clock, and not before", () => {
    const watches = watch([
      { at: 100, beat: 5 },
      { at: 2100, beat: 6 },
      { at: 5000, beat: 6 },
      { at: 8099, beat: 6 },
    ])
    assert.deepStrictEqual(Liveness.dead(watches, 8099), [])
    assert.deepStrictEqual(Liveness.dead(watches, 8100), [{ id, beat: 6 }])
  })

  it("is alive when it is seen for the first time, with any beat", () => {
    assert.deepStrictEqual(Liveness.dead(watch([{ at: 1_000_000, beat: 0 }]), 1_000_000), [])
  })

  it("is alive when it returns with a beat from the beginning", () => {
    const watches = watch([
      { at: 0, beat: 9 },
      { at: 4000, beat: 1 },
    ])
    assert.deepStrictEqual(Liveness.dead(watches, 9999), [])
  })

  it("is not dead because of time without observations", () => {
    const looks = [0, 3000, 20_000, 24_000].map((at) => ({ at, beat: 1 }))
    assert.deepStrictEqual(Liveness.dead(watch(looks), 25_999), [])
    assert.deepStrictEqual(Liveness.dead(watch(looks), 26_000), [{ id, beat: 1 }])
  })

  it("is dropped when its row is gone", () => {
    const both = Liveness.observe(
      Liveness.none,
      [
        { id, beat: 1 },
        { id: other, beat: 1 },
      ],
      0,
    )
    const one = Liveness.observe(both, [{ id: other, beat: 1 }], 1000)
    assert.deepStrictEqual(Liveness.dead(one, 60_000), [{ id: other, beat: 1 }])
  })

  it.prop("is never dead while it beats, and is when it has been silent for 6 s", { waits }, ({ waits }) => {
    let now = 0
    let watches = Liveness.none
    let changed = 0
    waits.forEach((wait, beat) => {
      now += wait
      // Every third beat is a silence.
      if (beat % 3 !== 2) changed = now
      watches = Liveness.observe(watches, [{ id, beat: beat - (beat % 3 === 2 ? 1 : 0) }], now)
      assert.strictEqual(Liveness.dead(watches, now).length > 0, now - changed >= Liveness.deadAfterMs)
    })
  })
})
