import { assert, describe, it } from "@effect/vitest"
import { failedError } from "../../src/chat/TurnFailure.ts"
import * as CommitGate from "../../src/execution/CommitGate.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { AttemptFailed } from "../../src/execution/TurnEvent.ts"
import { planStep, run, runId, toolCall } from "../support/fixtures.ts"

describe("the error of a failed turn", () => {
  const failedWith = (failure: E.ExecutionError, gate = CommitGate.untouched) =>
    failedError(
      run(),
      new AttemptFailed({
        mode: "runtime_orchestrator",
        target: "runtime",
        attemptOfTarget: 1,
        error: failure,
        gate,
        disposition: "fail",
      }),
    )
  const upstream = "runtime"

  it("names the place where a step or a call had begun, and nothing where none had", () => {
    const gate = [planStep("s1"), toolCall("c1")].reduce(CommitGate.pass, CommitGate.untouched)
    const truncated = new E.UpstreamTruncated({ upstream })
    assert.deepStrictEqual(failedWith(truncated, gate), {
      code: "UPSTREAM_TRUNCATED",
      message: E.errorPolicyOf(truncated).message,
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
