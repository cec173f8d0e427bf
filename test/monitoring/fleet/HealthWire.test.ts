import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../../../src/domain/Mode.ts"
import { Outcome } from "../../../src/domain/Outcome.ts"
import type { HealthEvent } from "../../../src/monitoring/fleet/HealthEvent.ts"
import * as HealthWire from "../../../src/monitoring/fleet/HealthWire.ts"
import { between, list, long, org, start } from "../schedules.ts"

const drawn = Schema.Struct({
  kind: between(0, 6),
  at: between(-300_000, 1000),
  attempt: between(-1, 1_000_000),
  org: between(0, 20),
  mode: ExecutionMode,
  outcome: Outcome,
  number: between(0, 300_000),
  result: Schema.Literals(["good", "bad", "neutral"]),
  cancelled: Schema.Boolean,
})

const eventOf = (from: typeof drawn.Type): HealthEvent => {
  const at = start + from.at
  const { attempt, mode, number, outcome, result } = from
  const cancelled = from.cancelled && outcome === "neutral" ? { cancelled: true } : {}
  const orgId = org(from.org)
  const kinds: ReadonlyArray<HealthEvent> = [
    { _tag: "started", at, attempt, orgId, globalEpoch: number },
    { _tag: "progressed", at, attempt },
    { _tag: "ended", at, attempt, orgId, mode, outcome, latencyMs: number, ...cancelled },
    { _tag: "forgotten", at, attempt },
    { _tag: "probed", at, startedAt: at - number, globalEpoch: from.org, result },
    { _tag: "reset", at, orgId },
    { _tag: "reset", at, orgId: null },
  ]
  return kinds[from.kind]!
}

const withoutCancel = (event: HealthEvent): HealthEvent => {
  if (event._tag !== "ended") return event
  const { cancelled: _, ...rest } = event
  return rest
}

/** What 500 turns tell. */
const busy = Array.from({ length: 500 }, (_, turn): ReadonlyArray<HealthEvent> => {
  const [at, attempt, orgId] = [start + (turn % 250), 20_000 + turn, org(turn % 50)]
  return [
    { _tag: "started", at, attempt, orgId, globalEpoch: 3 },
    { _tag: "progressed", at, attempt },
    { _tag: "ended", at, attempt, orgId, mode: "runtime_orchestrator", outcome: "success", latencyMs: 6012 },
  ]
}).flat()

describe("a batch on the wire", () => {
  it.prop(
    "comes out as it went in",
    [list(drawn, 100)],
    ([all]) => {
      const events = all.map(eventOf)
      assert.deepStrictEqual(HealthWire.decode(HealthWire.encode(events)), events)
    },
    long(100),
  )

  it("says which ends the user caused in a field that a replica of the version before ignores", () => {
    const ended = { _tag: "ended", at: start, attempt: 1, orgId: org(1), mode: "direct_llm" } as const
    const events: ReadonlyArray<HealthEvent> = [
      { ...ended, outcome: "neutral", latencyMs: 5, cancelled: true },
      { ...ended, outcome: "neutral", latencyMs: 6 },
    ]
    // The text of the version before has no such field.
    const { c, ...before } = JSON.parse(HealthWire.encode(events))
    assert.deepStrictEqual(c, [0])
    assert.deepStrictEqual(
      before,
      JSON.parse(HealthWire.encode(events.map(({ ...event }) => withoutCancel(event)))),
    )
    assert.deepStrictEqual(HealthWire.decode(JSON.stringify(before)), events.map(withoutCancel))
  })

  it.prop(
    "of another version, or cut short, is none and breaks nothing",
    [list(between(-3, 40), 30)],
    ([numbers]) => {
      const text = JSON.stringify({ t: start, o: [org(1)], e: numbers })
      const events = HealthWire.decode(text)
      assert.isTrue(events === undefined || events.length <= numbers.length)
      assert.isUndefined(HealthWire.decode(text.slice(0, -1)))
      assert.isUndefined(HealthWire.decode(JSON.stringify({ t: start, o: [], e: [0, 0, 1, 7, 0] })))
    },
  )

  it("costs some 50 bytes a turn", () => {
    assert.isBelow(HealthWire.encode(busy).length / 500, 52)
  })
})
