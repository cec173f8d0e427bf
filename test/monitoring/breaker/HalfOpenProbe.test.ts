import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Breaker from "../../../src/monitoring/breaker/Breaker.ts"
import * as HalfOpenProbe from "../../../src/monitoring/breaker/HalfOpenProbe.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"
import { between, list, long, start } from "../schedules.ts"

const leaseMs = 300_000
const minute = 60_000

/** One breaker and what it did. */
const make = () => {
  let breaker: Breaker.Breaker = Breaker.closed(0, start)
  const transitions: Array<Breaker.Transition> = []
  const move = <M extends Breaker.Moved>(moved: M): M => {
    breaker = moved.breaker
    if (moved.transition !== undefined) transitions.push(moved.transition)
    return moved
  }
  return {
    transitions,
    state: () => breaker,
    admit: (now: number) =>
      breaker.state === "open" || breaker.state === "half_open"
        ? move(HalfOpenProbe.admit(breaker, now, leaseMs)).admitted
        : "yes",
    trip: (now: number) => move(Breaker.trip(defaultPolicy, breaker, now, "faults")),
    probeEnded: (result: HalfOpenProbe.ProbeResult, now: number, epoch = breaker.epoch) =>
      move(HalfOpenProbe.ended(defaultPolicy, breaker, epoch, result, now, result)),
    reset: (now: number) => move(Breaker.reset(breaker, now, "reset")),
    /** Goes through open and half-open with three probes that end well. */
    recover: () => {
      if (breaker.state !== "open") throw new Error(breaker.state)
      const at = breaker.until
      for (let probe = 0; probe < 3; probe++) {
        move(HalfOpenProbe.admit(away(breaker), at, leaseMs))
        move(HalfOpenProbe.ended(defaultPolicy, breaker, breaker.epoch, "success", at, "success"))
      }
      return at
    },
  }
}

const away = (breaker: Breaker.Breaker): Breaker.Open | Breaker.HalfOpen => {
  if (breaker.state === "open" || breaker.state === "half_open") return breaker
  throw new Error(breaker.state)
}

const dwellOf = (breaker: Breaker.Breaker) =>
  breaker.state === "open" ? breaker.until - breaker.since : undefined

const operation = Schema.Struct({
  gapMs: Schema.Union([between(0, 5000), between(0, 60_000), between(0, 700_000)]),
  act: Schema.Literals(["admit", "admit", "admit", "trip", "success", "fault", "neutral", "reset"]),
  /** Which of the probes so far reports. */
  probe: between(0, 20),
})
const schedule = list(operation, 80)

interface Probe {
  readonly epoch: number
  readonly until: number
  ended: boolean
}

/** Runs a schedule in which any probe that was ever leased may report, late or twice. */
const run = (
  steps: ReadonlyArray<typeof operation.Type>,
  check: (probes: ReadonlyArray<Probe>, now: number) => void,
) => {
  const breaker = make()
  const probes: Array<Probe> = []
  let now = start
  for (const { act, gapMs, probe } of steps) {
    now += gapMs
    if (act === "admit") {
      if (breaker.admit(now) === "probe") {
        probes.push({ epoch: breaker.state().epoch, until: now + leaseMs, ended: false })
      }
    } else if (act === "trip") breaker.trip(now)
    else if (act === "reset") breaker.reset(now)
    else {
      const reporting = probes[probe % Math.max(1, probes.length)]
      if (reporting !== undefined) {
        breaker.probeEnded(act, now, reporting.epoch)
        reporting.ended = true
      }
    }
    // A lease ends when the breaker leaves half-open.
    if (breaker.state().state !== "half_open") for (const leased of probes) leased.ended = true
    check(probes, now)
  }
  return { breaker, now }
}

describe("Breaker and HalfOpenProbe", () => {
  it.prop(
    "at most one probe is leased at any time",
    [schedule],
    ([steps]) => {
      run(steps, (probes, now) => {
        assert.isAtMost(probes.filter((probe) => !probe.ended && now < probe.until).length, 1)
      })
    },
    long(500),
  )

  it.prop(
    "fault 12: after any schedule it is closed within the longest wait plus three probes that end well",
    [schedule],
    ([steps]) => {
      const { breaker, now } = run(steps, () => undefined)
      const later = now + Math.max(300_000, leaseMs)
      for (let probe = 0; probe < 3; probe++) {
        const admitted = breaker.admit(later)
        assert.notStrictEqual(admitted, "no")
        if (admitted === "probe") breaker.probeEnded("success", later)
      }
      assert.strictEqual(breaker.admit(later), "yes")
    },
    long(),
  )

  it.prop(
    "its epoch never falls, and rises with every transition",
    [schedule],
    ([steps]) => {
      let before = make().state()
      const breaker = make()
      let now = start
      for (const { act, gapMs } of steps) {
        now += gapMs
        if (act === "admit") breaker.admit(now)
        else if (act === "trip") breaker.trip(now)
        else if (act === "reset") breaker.reset(now)
        else breaker.probeEnded(act, now)
        const after = breaker.state()
        assert.isAtLeast(after.epoch - before.epoch, after.state === before.state ? 0 : 1)
        before = after
      }
      for (const [index, transition] of breaker.transitions.entries()) {
        assert.strictEqual(transition.from, breaker.transitions[index - 1]?.to ?? "closed")
      }
    },
    long(),
  )

  it("admits no turn for 30 s, then one at a time until three are good", () => {
    const breaker = make()
    assert.strictEqual(breaker.admit(start), "yes")
    breaker.trip(start)
    assert.strictEqual(breaker.admit(start + 29_999), "no")
    assert.strictEqual(breaker.admit(start + 30_000), "probe")
    assert.strictEqual(breaker.admit(start + 30_000), "no")
    for (const at of [31_000, 32_000, 33_000]) {
      assert.strictEqual(breaker.state().state, "half_open")
      breaker.probeEnded("success", start + at)
      if (at < 33_000) assert.strictEqual(breaker.admit(start + at), "probe")
    }
    assert.strictEqual(breaker.admit(start + 33_000), "yes")
    assert.deepStrictEqual(
      breaker.transitions.map(({ at, to }) => [to, at - start]),
      [
        ["open", 0],
        ["half_open", 30_000],
        ["closed", 33_000],
      ],
    )
  })

  it("each probe that fails doubles the dwell, up to five minutes", () => {
    const breaker = make()
    breaker.trip(start)
    const dwells: Array<number | undefined> = []
    for (let probe = 0; probe < 6; probe++) {
      const state = breaker.state()
      dwells.push(dwellOf(state))
      const at = state.state === "open" ? state.until : Number.NaN
      assert.strictEqual(breaker.admit(at), "probe")
      breaker.probeEnded("fault", at)
    }
    assert.deepStrictEqual(dwells, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
    breaker.recover()
    assert.strictEqual(breaker.state().state, "closed")
  })

  it("a trip within ten minutes of closing doubles the dwell, a later one starts from the first dwell", () => {
    const breaker = make()
    breaker.trip(start)
    const closedAt = breaker.recover()
    breaker.trip(closedAt + 10 * minute)
    assert.strictEqual(dwellOf(breaker.state()), 60_000)
    const closedAgainAt = breaker.recover()
    breaker.trip(closedAgainAt + 10 * minute + 1)
    assert.strictEqual(dwellOf(breaker.state()), 30_000)
  })

  it("the lease of a lost probe expires, and its late result does not count for the next one", () => {
    const breaker = make()
    breaker.trip(start)
    const leasedAt = start + 30_000
    breaker.admit(leasedAt)
    const lost = breaker.state().epoch
    assert.strictEqual(breaker.admit(leasedAt + leaseMs - 1), "no")
    assert.strictEqual(breaker.admit(leasedAt + leaseMs), "probe")
    breaker.probeEnded("fault", leasedAt + leaseMs + 1, lost)
    assert.strictEqual(breaker.state().state, "half_open")
    breaker.probeEnded("success", leasedAt + leaseMs + 2)
    breaker.probeEnded("success", leasedAt + leaseMs + 3, lost)
    assert.deepInclude(breaker.state(), { state: "half_open", good: 1 })
  })

  it("a neutral probe gives its lease back to the next turn", () => {
    const breaker = make()
    breaker.trip(start)
    breaker.admit(start + 30_000)
    breaker.probeEnded("neutral", start + 31_000)
    assert.strictEqual(breaker.state().state, "half_open")
    assert.strictEqual(breaker.admit(start + 31_000), "probe")
    assert.strictEqual(breaker.admit(start + 31_000), "no")
    assert.strictEqual(breaker.state().since, start + 30_000)
  })

  it("a reset closes it at once and clears its level", () => {
    const breaker = make()
    breaker.trip(start)
    breaker.trip(breaker.recover() + 1)
    const now = start + 2 * minute
    breaker.reset(now)
    assert.strictEqual(breaker.admit(now), "yes")
    breaker.trip(now)
    assert.strictEqual(dwellOf(breaker.state()), 30_000)
    const closedAt = breaker.recover()
    breaker.reset(closedAt)
    breaker.trip(closedAt)
    assert.strictEqual(dwellOf(breaker.state()), 30_000)
  })
})
