import { assert, describe, it } from "@effect/vitest"
import { cursorOf, type CursorRequest } from "../../src/http/Cursor.ts"
import { runId, runIdOf } from "../support/fixtures.ts"

const asked = (header?: string, lastEventId?: string, after?: string): CursorRequest => ({
  headers: header === undefined ? {} : { "last-event-id": header },
  query: {
    ...(lastEventId === undefined ? {} : { lastEventId }),
    ...(after === undefined ? {} : { after }),
  },
})

describe("the event after which a request reads", () => {
  it("is said in one syntax in the header and in both parameters", () => {
    for (const text of [`${runId}:7`, "7", ` ${runId.toUpperCase()}:7 `]) {
      for (const request of [asked(text), asked(undefined, text), asked(undefined, undefined, text)])
        assert.deepStrictEqual(cursorOf(request, runId), { runId, seq: 7 })
    }
  })

  it("is the header's before the parameters', since EventSource adds it to its first URL", () => {
    assert.deepStrictEqual(cursorOf(asked("3", "2", "1"), runId), { runId, seq: 3 })
    assert.deepStrictEqual(cursorOf(asked(undefined, "2", "1"), runId), { runId, seq: 2 })
  })

  it("is absent where it is empty", () => {
    assert.isUndefined(cursorOf(asked(), runId))
    assert.isUndefined(cursorOf(asked("", " ", ""), runId))
    assert.isUndefined(cursorOf(asked("", ""), undefined))
    assert.deepStrictEqual(cursorOf(asked("", "", "1"), runId), { runId, seq: 1 })
  })

  it("is refused with the field's name where it is another run's, none at all, or names no run to resume", () => {
    const pathOf = (request: CursorRequest, ofRun?: string) => {
      const cursor = cursorOf(request, ofRun)
      return cursor !== undefined && "problem" in cursor ? cursor.problem.path : cursor
    }
    assert.strictEqual(pathOf(asked(`${runIdOf(2)}:1`), runId), "headers.last-event-id")
    assert.strictEqual(pathOf(asked(undefined, "x"), runId), "query.lastEventId")
    assert.strictEqual(pathOf(asked(undefined, undefined, "-1"), runId), "query.after")
    assert.strictEqual(pathOf(asked(undefined, undefined, "1.5"), runId), "query.after")
    assert.strictEqual(pathOf(asked("7")), "headers.last-event-id")
    assert.strictEqual(pathOf(asked(undefined, undefined, "7")), "query.after")
    assert.deepStrictEqual(cursorOf(asked(undefined, `${runId}:7`)), { runId, seq: 7 })
  })
})
