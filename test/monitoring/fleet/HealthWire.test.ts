import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../../../src/domain/Mode.ts"
import { Outcome } from "../../../src/domain/Outcome.ts"
import type { HealthEvent } from "../../../src/monitoring/fleet/HealthEvent.ts"
import { Events } from "../../../src/monitoring/fleet/HealthWire.ts"
import { between, list, long, org, start } from "../schedules.ts"

const encode = Schema.encodeSync(Events)
const decode = (text: string) => Option.getOrUndefined(Schema.decodeOption(Events)(text))

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

/** The events of 500 turns. */
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
    "decodes to the same events",
    [list(drawn, 100)],
    ([all]) => {
      const events = all.map(eventOf)
      assert.deepStrictEqual(decode(encode(events)), events)
    },
    long(100),
  )

  it("marks ends that the user caused in a field that the version before ignores", () => {
    const ended = { _tag: "ended", at: start, attempt: 1, orgId: org(1), mode: "direct_llm" } as const
    const events: ReadonlyArray<HealthEvent> = [
      { ...ended, outcome: "neutral", latencyMs: 5, cancelled: true },
      { ...ended, outcome: "neutral", latencyMs: 6 },
    ]
    // The text of the version before has no such field.
    const { c, ...before } = JSON.parse(encode(events))
    assert.deepStrictEqual(c, [0])
    assert.deepStrictEqual(before, JSON.parse(encode(events.map(({ ...event }) => withoutCancel(event)))))
    assert.deepStrictEqual(decode(JSON.stringify(before)), events.map(withoutCancel))
  })

  it.prop(
    "is invalid if it has another version or is cut short",
    [list(between(-3, 40), 30)],
    ([numbers]) => {
      const text = JSON.stringify({ t: start, o: [org(1)], e: numbers })
      const events = decode(text)
      assert.isTrue(events === undefined || events.length <= numbers.length)
      assert.isUndefined(decode(text.slice(0, -1)))
      assert.isUndefined(decode(JSON.stringify({ t: start, o: [], e: [0, 0, 1, 7, 0] })))
    },
  )

  it("is the text that earlier versions write and read", () => {
    const events: ReadonlyArray<HealthEvent> = [
      { _tag: "started", at: 1000, attempt: 7, orgId: org(1), globalEpoch: 3 },
      { _tag: "progressed", at: 1010, attempt: 7 },
      {
        _tag: "ended",
        at: 1020,
        attempt: 7,
        orgId: org(1),
        mode: "runtime_orchestrator",
        outcome: "error",
        latencyMs: 20,
      },
      { _tag: "probed", at: 1030, startedAt: 1000, globalEpoch: 3, result: "bad" },
      { _tag: "reset", at: 1040, orgId: null },
    ]
    const text = `{"t":1000,"o":["org-1"],"e":[0,0,7,0,3,1,10,7,17,20,7,0,20,5,30,30,3,3,40,-1]}`
    assert.strictEqual(encode(events), text)
    assert.deepStrictEqual(decode(text), events)
  })

  it("costs about 50 bytes a turn", () => {
    assert.isBelow(encode(busy).length / 500, 52)
  })
})
