import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { Source } from "../../src/chat/RunReader.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { planStep, runId, text, toolCall } from "../support/fixtures.ts"
import { brief, done, fallback, kept, live, logOf, read, respond, retract, test } from "./streams.ts"

describe("a reader of protocol 1", () => {
  test(
    "keeps the run's sequence numbers, also where an event is left out",
    Effect.gen(function* () {
      const log = logOf(planStep("s1"), fallback, text("a"))
      log.end(done)
      const expected = ["1 plan", "3 text", "4 done"]
      assert.deepStrictEqual(brief(yield* read(kept(log), { protocol: 1 })), expected)
      assert.deepStrictEqual(brief(yield* read(live(log), { protocol: 1 })), expected)
      assert.deepStrictEqual(brief(yield* read(kept(log))), ["1 plan_step", "2 fallback", "3 text", "4 done"])
      const [plan] = yield* read(live(log), { protocol: 1 })
      assert.deepInclude(JSON.parse(plan?.data ?? ""), { id: `${runId}:1`, metadata: { stepId: "s1" } })
    }),
  )

  test(
    "gets the whole plan and the call's arguments also when it comes back in the middle, live and kept",
    Effect.gen(function* () {
      const plan: Draft = {
        type: "plan",
        data: {
          steps: [
            { id: "s1", title: "s1", status: "pending" },
            { id: "s2", title: "s2", status: "pending" },
          ],
          currentStep: "",
        },
      }
      const result: Draft = {
        type: "tool_result",
        data: { toolName: "charge", result: 5, success: true },
        metadata: { callId: "c1" },
      }
      const log = logOf(plan, planStep("s1"), toolCall("c1"), planStep("s1", "completed"), result)
      log.end(done)
      const whole = yield* read(live(log), { protocol: 1 })
      assert.deepStrictEqual(brief(whole), [
        "1 plan",
        "2 plan",
        "3 tool_call",
        "4 plan",
        "4 tool_call",
        "5 tool_result",
        "6 done",
      ])
      const [, , , completed, closed] = whole.map(({ data }) => JSON.parse(data).data)
      assert.deepStrictEqual(completed, {
        steps: [
          { id: "s1", title: "s1", status: "completed" },
          { id: "s2", title: "s2", status: "pending" },
        ],
        currentStep: "",
      })
      assert.deepStrictEqual(closed, { toolName: "charge", arguments: {}, status: "success", result: 5 })
      for (let after = 0; after < 6; after++) {
        // The fifth frame is the first of event 5, under the id of the event before.
        const expected = whole.filter(
          ({ id }, index) => Number(id?.split(":")[1]) > after || (after === 4 && index === 4),
        )
        assert.deepStrictEqual(yield* read(live(log), { protocol: 1, after }), expected)
        assert.deepStrictEqual(yield* read(kept(log), { protocol: 1, after }), expected)
      }
    }),
  )

  test(
    "gets nothing more once text would have to be taken back, however often it comes back",
    Effect.gen(function* () {
      const log = logOf(text("a"), retract, text("b"))
      const statusOf = (source: Source) =>
        Effect.map(respond(source, { protocol: 1, after: 2 }), ({ status }) => status)
      assert.strictEqual(yield* statusOf(live(log)), 204)
      log.end(done)
      assert.strictEqual(yield* statusOf(kept(log)), 204)
    }),
  )

  test(
    "does not wait behind a page of events that are all left out",
    Effect.gen(function* () {
      const many = Array.from({ length: 2000 }, () => fallback)
      const log = logOf(...many, text("a"))
      log.end(done)
      for (const source of [live(log), kept(log)])
        assert.deepStrictEqual(brief(yield* read(source, { protocol: 1 })), ["2001 text", "2002 done"])
    }),
  )

  test(
    "is told in a recoverable error, and nothing after it, where text would have to be taken back",
    Effect.gen(function* () {
      const more = Array.from({ length: 200 }, () => text("b"))
      const log = logOf(text("a"), retract, fallback, ...more)
      log.end(done)
      for (const source of [live(log), kept(log)]) {
        const events = yield* read(source, { protocol: 1 })
        assert.deepStrictEqual(brief(events), ["1 text", "2 error"])
        assert.deepInclude(JSON.parse(events[1]?.data ?? ""), {
          code: "ANSWER_RETRACTED",
          recoverable: true,
          runId,
        })
      }
    }),
  )
})

it.effect.prop(
  "every response ends with exactly one terminal event, in either protocol",
  {
    drafts: Schema.Array(Schema.Literals(["text", "fallback", "retract", "step", "call"])),
    protocol: Schema.Literals([1, 2]),
    isLive: Schema.Boolean,
  },
  ({ drafts, isLive, protocol }) =>
    Effect.gen(function* () {
      const named = { text: text("a"), fallback, retract, step: planStep("s1"), call: toolCall("c1") }
      const log = logOf(...drafts.map((name) => named[name]))
      log.end(done)
      const events = yield* read(isLive ? live(log) : kept(log), { protocol })
      const terminal = events.filter(({ event }) => event === "done" || event === "error")
      assert.deepStrictEqual(terminal, events.slice(-1))
      const seqs = events.map(({ id }) => Number(id?.split(":")[1]))
      assert.deepStrictEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
      )
      assert.strictEqual(terminal[0]?.event, protocol === 1 && drafts.includes("retract") ? "error" : "done")
    }).pipe(Effect.provide(LiveRuns.layer({ detachGrace: "1 minute" }))),
)
