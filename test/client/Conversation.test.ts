import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Conversation from "../../src/client/Conversation.ts"
import { type Draft, Message as MessageSchema } from "../../src/protocol/agent2ui/Message.ts"
import { planStep, text, toolCall } from "../support/fixtures.ts"
import {
  answerOf,
  done,
  end,
  events,
  failure,
  messageAt,
  open,
  plan,
  reduced,
  usage,
} from "./conversations.ts"

describe("the end of an answer", () => {
  it("has the usage, the mode and the stored message", () => {
    const answer = answerOf(reduced([open, ...events(text("a")), done(2)]))
    assert.include(answer, { status: "completed", messageId: "m1", executionMode: end.executionMode })
    assert.deepStrictEqual(answer.usage, usage)
  })

  it("names the step and the call of a failure, and no call stays open", () => {
    const answer = answerOf(
      reduced([
        ...events(plan("s1", "s2"), planStep("s1"), planStep("s2"), toolCall("c1"), toolCall("c2")),
        failure(6, { code: "TIMEOUT_CALL", stepId: "s2", callId: "c2" }),
      ]),
    )
    assert.strictEqual(answer.status, "failed")
    assert.include(answer.error, { stepId: "s2", callId: "c2" })
    const statuses = answer.parts.flatMap((part) => {
      if (part.type === "plan") return part.steps.map(({ status }) => status)
      return part.type === "call" ? part.status : []
    })
    assert.deepStrictEqual(statuses, ["unfinished", "failed", "unknown", "error"])
  })

  it("is no failure for a cancelled run", () => {
    assert.strictEqual(answerOf(reduced([failure(1, { code: "EXECUTION_CANCELLED" })])).status, "cancelled")
  })

  it("has the interrupts that wait, until the next message", () => {
    const interrupt: Draft = {
      type: "interrupt",
      data: { interruptId: "i1", reason: "tool_call" },
      metadata: { callId: "c1" },
    }
    const running = reduced(events(interrupt))
    assert.deepStrictEqual(Conversation.pendingInterrupts(running), [])
    const waiting = reduced([done(2, { finishReason: "interrupt" })], running)
    assert.deepStrictEqual(Conversation.pendingInterrupts(waiting), [
      { interruptId: "i1", reason: "tool_call" },
    ])
    assert.propertyVal(answerOf(waiting).parts[0], "callId", "c1")
    assert.deepStrictEqual(Conversation.pendingInterrupts(Conversation.ask(waiting, "k", "yes")), [])
  })
})

describe("a run that is read again", () => {
  it.prop(
    "gives the same conversation after any cuts and replays",
    { messages: Schema.Array(MessageSchema), cuts: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])) },
    ({ cuts, messages }) => {
      const all = [
        open,
        ...messages.map((message, index) => messageAt(message, index + 1)),
        done(messages.length + 1),
      ]
      const once = reduced(all)
      const within = (number: number, most: number) => Math.abs(number) % (most + 1)
      let conversation = Conversation.emptyConversation
      let seen = 0
      for (const [length, back] of cuts) {
        const to = Math.max(seen, within(length, all.length))
        conversation = reduced(all.slice(within(back, seen), to), conversation)
        seen = to
      }
      assert.deepStrictEqual(reduced(all.slice(within(cuts.length, seen)), conversation), once)
      assert.strictEqual(reduced(all, once), once)
    },
  )
})
