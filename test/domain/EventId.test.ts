import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { eventId, parseEventId } from "../../src/domain/EventId.ts"
import { runId } from "../support/fixtures.ts"

describe("parseEventId", () => {
  const cases: ReadonlyArray<readonly [string, ReturnType<typeof parseEventId>]> = [
    [`${runId}:7`, { runId, seq: 7 }],
    [` ${runId}:7 `, { runId, seq: 7 }],
    [`${runId.toUpperCase()}:0`, { runId: runId.toUpperCase(), seq: 0 }],
    ["42", { runId: undefined, seq: 42 }],
    ["999999999999999", { runId: undefined, seq: 999_999_999_999_999 }],
    ["9999999999999999", undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    [`${runId}`, undefined],
    [`${runId}:`, undefined],
    [`${runId}:x`, undefined],
    [`${runId}:1:2`, undefined],
    [`${runId}:1\n2`, undefined],
    [`x${runId}:1`, undefined],
    [`${"-".repeat(36)}:1`, undefined],
    [`${"a".repeat(36)}:1`, undefined],
    [`${runId.slice(0, -1)}g:1`, undefined],
    ["١٢", undefined],
  ]
  it.each(cases)("reads %j", (text, expected) => {
    assert.deepStrictEqual(parseEventId(text), expected)
  })

  it.prop(
    "reads back every id that was written",
    [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e6 }))],
    ([seq]) => {
      assert.deepStrictEqual(parseEventId(eventId(runId, seq)), { runId, seq })
    },
  )

  it.prop("never throws", [Schema.String], ([text]) => {
    const parsed = parseEventId(text)
    assert.isTrue(parsed === undefined || Number.isSafeInteger(parsed.seq))
  })
})
