import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as RunEnd from "../../src/chat/RunEnd.ts"
import { RunStatus } from "../../src/domain/Run.ts"
import * as CommitGate from "../../src/execution/CommitGate.ts"
import { AttemptFailed } from "../../src/execution/TurnEvent.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { RunEvent } from "../../src/runs/RunEvent.ts"
import {
  agent,
  assistantMessageId,
  noon,
  planStep,
  run,
  runId,
  sessionId,
  toolCall,
} from "../support/fixtures.ts"

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
    assert.isUndefined(RunEnd.terminalOf(run()))
  })

  it("is done for a run that was answered, with what was used and how long it took", () => {
    assert.deepStrictEqual(RunEnd.terminalOf(answered), {
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
      assert.deepStrictEqual(RunEnd.terminalOf(run({ status, error, endedAt: noon + 1 })), {
        event: "error",
        data: error,
      })
    },
  )

  it.each(["failed", "cancelled", "interrupted"] as const)(
    "is an error also where a run that was %s kept none",
    (status) => {
      const terminal = RunEnd.terminalOf(run({ status, endedAt: noon + 1 }))
      assert.deepInclude(terminal, { event: "error" })
      assert.deepInclude(terminal?.data, { runId, code: "INTERNAL_ERROR" })
    },
  )

  it("of a cancelled run with part of an answer is the error, not done", () => {
    const cancelled = run({ status: "cancelled", error, assistantMessageId, endedAt: noon + 1 })
    assert.deepStrictEqual(RunEnd.terminalOf(cancelled), { event: "error", data: error })
  })

  it("fault 8: marks tokens that nobody counted", () => {
    const { data } = RunEnd.terminalOf({ ...answered, usage: null }) ?? {}
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
      const terminal = RunEnd.terminalOf(
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

describe("the usage of a run", () => {
  it("is what the provider reported, unmarked", () => {
    assert.deepStrictEqual(RunEnd.usageOf({ tokens: 42 }, agent(), [], "answer"), { tokens: 42 })
    assert.deepStrictEqual(RunEnd.usageOf({ tokens: 0 }, agent(), [], "answer"), { tokens: 0 })
  })

  it("fault 8: is a guess from all that was sent and answered where the provider reported none, and marked as one", () => {
    const guess = RunEnd.usageOf(
      undefined,
      agent({ systemPrompt: "x".repeat(10) }),
      [
        { role: "user", content: "x".repeat(400) },
        { role: "assistant", content: "汉".repeat(400) },
        { role: "user", content: "x".repeat(20) },
      ],
      "x".repeat(71),
    )
    assert.deepStrictEqual(guess, { tokens: 3 + 100 + 300 + 5 + 18, estimated: true })
  })
})

describe("the error of a run", () => {
  const failedWith = (failure: E.ExecutionError, gate = CommitGate.closed) =>
    RunEnd.failedError(
      run(),
      new AttemptFailed({
        mode: "runtime_orchestrator",
        target: "runtime",
        error: failure,
        gate,
        disposition: "fail",
      }),
    )
  const upstream = "runtime"

  it("names the place where a step or a call had begun, and nothing where none had", () => {
    const gate = [planStep("s1"), toolCall("c1")].reduce(CommitGate.pass, CommitGate.closed)
    const truncated = new E.UpstreamTruncated({ upstream })
    assert.deepStrictEqual(failedWith(truncated, gate), {
      code: "UPSTREAM_TRUNCATED",
      message: E.meaningOf(truncated).message,
      runId,
      recoverable: true,
      stepId: "s1",
      callId: "c1",
    })
    assert.hasAllKeys(failedWith(new E.UpstreamTruncated({ upstream })), [
      "code",
      "message",
      "runId",
      "recoverable",
    ])
  })

  it("fault 4: passes on code, status and trace of an upstream's failure, and none of its words", () => {
    const said = {
      code: "EXTERNAL_TOOL_TIMEOUT",
      httpStatus: 504,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    const words = { message: "connect db-7.internal", details: { key: "canary" } }
    assert.deepStrictEqual(failedWith(new E.UpstreamFailed({ upstream, ...said, ...words })), {
      ...said,
      message: "The answering service failed.",
      runId,
      recoverable: true,
    })
  })

  it.each([
    "canary host 10.0.0.7",
    "sk-canary-0000000000",
    "4bf9\n2f3577b34da6",
    "a".repeat(65),
    "db-7.internal",
  ])("does not pass on %j, which is no trace id", (traceId) => {
    const failed = new E.UpstreamFailed({ upstream, code: "", message: "", traceId })
    assert.notProperty(failedWith(failed), "traceId")
  })

  it("says that a message which is itself the cause need not be sent again", () => {
    assert.isFalse(failedWith(new E.ContentFiltered({ upstream })).recoverable)
    assert.isFalse(
      failedWith(new E.UpstreamRejected({ upstream, status: 422, detail: "secret" })).recoverable,
    )
    assert.isTrue(failedWith(new E.StallTimeout({ upstream, afterMs: 1 })).recoverable)
  })

  it("X7: shows nothing of an upstream's rejection or of a cause", () => {
    const rejected = failedWith(new E.UpstreamRejected({ upstream, status: 422, detail: "db-7.internal" }))
    const unreachable = failedWith(
      new E.UpstreamUnreachable({ upstream, cause: new Error("connect 10.0.0.7:8801") }),
    )
    assert.notMatch(JSON.stringify([rejected, unreachable]), /internal|10\.0\.0\.7/)
  })
})
