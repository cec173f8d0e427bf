import { assert, describe, it } from "@effect/vitest"
import { type Asked, newTurn } from "../../src/chat/NewTurn.ts"
import type { BranchMessage } from "../../src/store/Sessions.ts"
import {
  agent,
  arrival,
  assistantMessageId,
  noon,
  orgId,
  principal,
  run,
  runId,
  runIdOf,
  sessionId,
  userId,
  userMessageId,
} from "../support/fixtures.ts"
import { freePermit } from "./freePermit.ts"

const question: BranchMessage = {
  id: userMessageId,
  sessionId,
  runId: runIdOf(1),
  role: "user",
  content: "Where is the café?",
  parentMessageId: assistantMessageId,
  executionMode: null,
  createdAt: noon - 1000,
  answered: false,
  record: null,
  attachments: [],
}

const asked = (fields: Partial<Asked> = {}): Asked => ({
  caller: { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit },
  agent: agent(),
  session: {
    id: sessionId,
    orgId,
    userId,
    agentId: agent().id,
    title: "",
    cohort: null,
    createdAt: noon - 5000,
    updatedAt: noon - 5000,
  },
  isNewSession: false,
  message: question.content,
  attachments: [],
  parentMessageId: assistantMessageId,
  before: [],
  historyMaxTokens: 100,
  ...fields,
})

const settled = {
  runId,
  messageId: userMessageId,
  createdAt: noon,
  decision: run().decision,
  span: undefined,
}

describe("a turn that was asked for", () => {
  it("repeats the one before when its message is the same, and always when it is a retry", () => {
    assert.isFalse(newTurn(asked(), settled).stored.repeats)
    assert.isFalse(newTurn(asked({ before: [question], message: "Another" }), settled).stored.repeats)
    assert.isTrue(newTurn(asked({ before: [question] }), settled).stored.repeats)
    assert.isTrue(newTurn(asked({ retried: question }), settled).stored.repeats)
  })

  it("keeps the stored message when it is a retry, for the new run", () => {
    const { stored } = newTurn(asked({ retried: question }), settled)
    assert.deepInclude(stored.userMessage, { id: question.id, createdAt: question.createdAt, runId })
    assert.strictEqual(stored.retries, question.runId)
  })

  it("sends the history that the agent's budget allows, else the service's", () => {
    const answered = { ...question, answered: true }
    const answer = { ...answered, role: "assistant" as const, content: "There." }
    const lengthOf = (fields: Partial<Asked>) =>
      newTurn(asked({ before: [answered, answer], ...fields }), settled).turn.history.length
    assert.strictEqual(lengthOf({}), 3)
    assert.strictEqual(lengthOf({ historyMaxTokens: 1 }), 1)
    assert.strictEqual(lengthOf({ agent: agent({ historyMaxTokens: 1 }) }), 1)
    assert.strictEqual(lengthOf({ historyMaxTokens: 1, agent: agent({ historyMaxTokens: 100 }) }), 3)
  })
})
