import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as TerminalEvent from "../../src/runs/TerminalEvent.ts"
import { RunStatus } from "../../src/domain/Run.ts"
import { RunEvent } from "../../src/runs/RunEvent.ts"
import { assistantMessageId, noon, run, runId, sessionId } from "../support/fixtures.ts"

const isEvent = Schema.is(RunEvent)
const error = { code: "TIMEOUT_STALL", message: "The answer stopped coming.", runId, recoverable: true }
const answered = run({
  status: "completed",
  assistantMessageId,
  executionMode: "direct_llm",
  usage: { tokens: 7 },
  endedAt: noon + 1234,
})

describe("the terminal event of a run", () => {
  it("is none while the run goes on", () => {
    assert.isUndefined(TerminalEvent.terminalOf(run()))
  })

  it("is done for a run that was answered, with what was used and how long it took", () => {
    assert.deepStrictEqual(TerminalEvent.terminalOf(answered), {
      event: "done",
      data: {
        sessionId,
        messageId: assistantMessageId,
        runId,
        usage: { tokens: 7, latencyMs: 1234 },
        executionMode: "direct_llm",
      },
    })
  })

  it.each(["failed", "cancelled", "interrupted"] as const)(
    "is the run's own error for a run that was %s",
    (status) => {
      assert.deepStrictEqual(TerminalEvent.terminalOf(run({ status, error, endedAt: noon + 1 })), {
        event: "error",
        data: error,
      })
    },
  )

  it.each(["failed", "cancelled", "interrupted"] as const)(
    "is an error also where a run that was %s kept none",
    (status) => {
      const terminal = TerminalEvent.terminalOf(run({ status, endedAt: noon + 1 }))
      assert.deepInclude(terminal, { event: "error" })
      assert.deepInclude(terminal?.data, { runId, code: "INTERNAL_ERROR" })
    },
  )

  it("is the error, not done, for a cancelled run with a partial answer", () => {
    const cancelled = run({ status: "cancelled", error, assistantMessageId, endedAt: noon + 1 })
    assert.deepStrictEqual(TerminalEvent.terminalOf(cancelled), { event: "error", data: error })
  })

  it("fault 8: marks tokens that were not reported", () => {
    const { data } = TerminalEvent.terminalOf({ ...answered, usage: null }) ?? {}
    assert.deepNestedInclude(data, { usage: { tokens: 0, estimated: true, latencyMs: 1234 } })
  })

  it.prop(
    "is one event of the protocol for every run that has ended, and none for one that has not",
    {
      status: RunStatus,
      answered: Schema.Boolean,
      moded: Schema.Boolean,
      failed: Schema.Boolean,
    },
    ({ answered, failed, moded, status }) => {
      const terminal = TerminalEvent.terminalOf(
        run({
          status,
          assistantMessageId: answered ? assistantMessageId : null,
          executionMode: moded ? "direct_llm" : null,
          error: failed ? error : null,
          endedAt: noon + 1,
        }),
      )
      if (status === "running") return assert.isUndefined(terminal)
      assert.isTrue(isEvent(terminal))
      assert.strictEqual(terminal?.event, status === "completed" && answered && moded ? "done" : "error")
    },
  )
})
