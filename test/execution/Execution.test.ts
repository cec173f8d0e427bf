import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { AgentSettings } from "../../src/domain/Agent.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import {
  agent,
  finished,
  planStep,
  runId,
  says,
  table,
  text,
  thinking,
  toolCall,
  turn,
} from "../support/fixtures.ts"
import {
  type Asked,
  direct,
  failureOf,
  outcomesOf,
  playTurn,
  runtime,
  settings,
  type Step,
  typesOf,
} from "./scripted.ts"

const broken = new E.UpstreamTruncated({ upstream: "runtime" })
const answer: ReadonlyArray<Step> = [says(text("direct ")), says(text("answer")), finished]
const targetsOf = (asked: ReadonlyArray<Asked>) => asked.map(({ target }) => target)

describe("a turn over its targets: swapping executors and clock by layers changes nothing else", () => {
  it.effect("is answered by the first target, and the others are never asked", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([
        runtime(asked, [says(text("Hello")), finished]),
        direct(asked, "a", answer),
      ])
      assert.deepStrictEqual(typesOf(played), ["text"])
      assert.deepStrictEqual(played.finished, [
        { _tag: "Finished", usage: { tokens: 7 }, mode: "runtime_orchestrator" },
      ])
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
      assert.deepStrictEqual(targetsOf(asked), ["runtime"])
    }),
  )

  it.effect("moves from runtime to direct before any content, and one fallback message says so", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([
        // The decision's order counts, not the order of the layers.
        direct(asked, "a", answer),
        runtime(asked, [says(thinking("hm")), says(planStep("s1")), broken]),
      ])
      assert.deepStrictEqual(typesOf(played), ["thinking", "plan_step", "fallback", "text", "text"])
      assert.deepStrictEqual<unknown>(played.messages[2]?.data, {
        from: "runtime_orchestrator",
        to: "direct_llm",
        reason: E.errorPolicyOf(broken).message,
        code: "UPSTREAM_TRUNCATED",
      })
      assert.deepStrictEqual(targetsOf(asked), ["runtime", "a"])
      assert.deepStrictEqual(
        played.finished.map(({ mode }) => mode),
        ["direct_llm"],
      )
      assert.deepStrictEqual(outcomesOf(played), [
        ["runtime", "error", "UPSTREAM_TRUNCATED"],
        ["a", "success", null],
      ])
    }),
  )

  it.effect("asks the targets in the decision's order, and a change of provider is no change of mode", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const executors = [runtime(asked, [broken]), direct(asked, "a", [broken]), direct(asked, "b", answer)]
      const played = yield* playTurn(executors)
      assert.deepStrictEqual(targetsOf(asked), ["runtime", "a", "b"])
      assert.deepStrictEqual(typesOf(played), ["fallback", "text", "text"])
      assert.deepStrictEqual(
        played.attempts.map(({ number }) => number),
        [1, 2, 3],
      )
      const reversed = yield* playTurn(executors, { order: ["direct_llm", "runtime_orchestrator"] })
      assert.deepStrictEqual(targetsOf(asked).slice(3), ["a", "b"])
      assert.deepStrictEqual(typesOf(reversed), ["text", "text"])
    }),
  )

  it.effect("fails with the last attempt's error when every target has failed", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const last = new E.UpstreamEmpty({ upstream: "b" })
      const played = yield* playTurn([
        runtime(asked, [broken]),
        direct(asked, "a", [broken]),
        direct(asked, "b", [last]),
      ])
      assert.strictEqual(failureOf(played)?.error, last)
      assert.deepStrictEqual(played.finished, [])
      assert.lengthOf(played.attempts, 3)
    }),
  )

  it.effect("dies where the decision names no target, which is a bug of the caller's", () =>
    Effect.gen(function* () {
      const { attempts, exit } = yield* playTurn([runtime([], answer)], { order: ["direct_llm"] })
      assert.strictEqual(exit._tag === "Failure" && exit.cause.reasons[0]?._tag, "Die")
      assert.lengthOf(attempts, 0)
    }),
  )
})

describe("an answer that its own executor corrects", () => {
  it.effect("is taken back by the numbers of the run, also when another attempt came before", () =>
    Effect.gen(function* () {
      const retract = (fromSeq: number, toSeq: number): Draft => ({
        type: "retract",
        data: { runId, fromSeq, toSeq, reason: "corrected" },
      })
      const corrected = [says(text("wrong")), says(retract(1, 1)), says(text("right")), finished]
      const first = yield* playTurn([direct([], "a", corrected)])
      assert.deepInclude(first.messages[1]?.data, { fromSeq: 1, toSeq: 1, reason: "corrected" })
      const second = yield* playTurn([
        runtime([], [says(thinking("hm")), says(text("x")), broken]),
        direct([], "a", corrected),
      ])
      assert.deepStrictEqual(typesOf(second), [
        ...["thinking", "text", "retract", "fallback"],
        ...["text", "retract", "text"],
      ])
      assert.deepInclude(second.messages[5]?.data, { fromSeq: 5, toSeq: 5 })
    }),
  )
})

describe("an agent with a model for each mode", () => {
  it.effect("is asked for in each mode with the model of that mode", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const models = { runtime_orchestrator: "large", direct_llm: "small" }
      const played = (settings: Partial<AgentSettings>) =>
        playTurn([runtime(asked, [broken]), direct(asked, "a", answer)], {
          turn: turn({ agent: agent(settings) }),
        })
      yield* played({ model: "both", models })
      yield* played({ model: "both", models: { direct_llm: "small" } })
      yield* played({})
      assert.deepStrictEqual(
        asked.map((one) => one.turn.agent.settings.model),
        ["large", "small", "both", "small", undefined, undefined],
      )
    }),
  )
})

describe("text that was already shown", () => {
  it.effect("is taken back by the range that it really has, before the other mode answers", () =>
    Effect.gen(function* () {
      const shown = [
        says(thinking("a")),
        says(text("b")),
        says(planStep("s1")),
        says(text("c")),
        says(thinking("d")),
      ]
      const played = yield* playTurn([runtime([], [...shown, broken]), direct([], "a", answer)])
      assert.deepStrictEqual(typesOf(played), [
        ...["thinking", "text", "plan_step", "text", "thinking"],
        ...["retract", "fallback", "text", "text"],
      ])
      const [from, to] = [played.messages[1]?.id, played.messages[4]?.id].map((id) =>
        Number(id?.split(":")[1]),
      )
      assert.deepStrictEqual([from, to], [2, 5])
      assert.deepInclude(played.messages[5]?.data, {
        fromSeq: from,
        toSeq: to,
        reason: E.errorPolicyOf(broken).message,
      })
    }),
  )

  it.effect("is taken back again when the next target breaks off too, and only its own part", () =>
    Effect.gen(function* () {
      const played = yield* playTurn([
        runtime([], [says(text("a")), broken]),
        direct([], "a", [says(text("b")), says(text("c")), broken]),
        direct([], "b", answer),
      ])
      assert.deepStrictEqual(typesOf(played), [
        ...["text", "retract", "fallback", "text", "text", "retract", "text", "text"],
      ])
      assert.deepInclude(played.messages[1]?.data, { fromSeq: 1, toSeq: 1 })
      assert.deepInclude(played.messages[5]?.data, { fromSeq: 4, toSeq: 5 })
    }),
  )

  it.effect("is not taken back twice when the attempt after it showed none", () =>
    Effect.gen(function* () {
      const played = yield* playTurn([
        runtime([], [says(text("a")), broken]),
        direct([], "a", [broken]),
        direct([], "b", answer),
      ])
      assert.deepStrictEqual(typesOf(played), ["text", "retract", "fallback", "text", "text"])
    }),
  )

  it.effect("stays and ends the turn in an error where the settings forbid taking back", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn(
        [runtime(asked, [says(text("a")), broken]), direct(asked, "a", answer)],
        {
          settings: { ...settings, retractPartial: false },
        },
      )
      assert.deepStrictEqual(typesOf(played), ["text"])
      assert.deepStrictEqual(targetsOf(asked), ["runtime"])
      assert.deepInclude(failureOf(played), { error: broken, disposition: "fail" })
    }),
  )

  it.effect("together with another part of an answer ends the turn in an error", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([
        runtime(asked, [says(text("a")), says(table), broken]),
        direct(asked, "a", answer),
      ])
      assert.deepStrictEqual(typesOf(played), ["text", "table"])
      assert.deepStrictEqual(targetsOf(asked), ["runtime"])
      assert.strictEqual(failureOf(played)?.error, broken)
    }),
  )
})

describe("a turn that must not run again elsewhere", () => {
  it.effect(
    "a turn in which a tool call has started: it fails with the place, and direct is never asked",
    () =>
      Effect.gen(function* () {
        for (const error of [broken, new E.UpstreamUnreachable({ upstream: "runtime" })]) {
          const asked: Array<Asked> = []
          const played = yield* playTurn([
            runtime(asked, [says(planStep("s1")), says(toolCall("c1")), error]),
            direct(asked, "a", answer),
          ])
          assert.deepStrictEqual(targetsOf(asked), ["runtime"])
          assert.deepStrictEqual(typesOf(played), ["plan_step", "tool_call"])
          assert.deepInclude(failureOf(played), { error, disposition: "fail" })
          assert.deepInclude(failureOf(played)?.gate, { stepId: "s1", callId: "c1" })
        }
      }),
  )

  it.effect("a turn that a content filter refused, or that was cancelled at the runtime", () =>
    Effect.gen(function* () {
      const upstream = "runtime"
      for (const error of [new E.ContentFiltered({ upstream }), new E.UpstreamCancelled({ upstream })]) {
        const asked: Array<Asked> = []
        const played = yield* playTurn([runtime(asked, [error]), direct(asked, "a", answer)])
        assert.deepStrictEqual(targetsOf(asked), ["runtime"])
        assert.deepStrictEqual(typesOf(played), [])
        assert.strictEqual(failureOf(played)?.error, error)
        assert.deepStrictEqual(
          played.attempts.map(({ outcome }) => outcome),
          ["neutral"],
        )
      }
    }),
  )
})
