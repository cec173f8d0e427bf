import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import { answerKey, isCacheable } from "../../../src/execution/direct/AnswerKey.ts"
import { agent, orgId, otherOrgId, runIdOf, turn, userId } from "../../support/fixtures.ts"
import { UserId } from "../../../src/domain/Ids.ts"
import { attachment } from "../../support/heldFiles.ts"

const provider = {
  name: "a",
  kind: "openai" as const,
  baseUrl: undefined,
  apiKey: undefined,
  model: "m-1",
  takesAgentModel: true,
  ...plainRequests,
}
const question = turn({ history: [{ role: "user", content: "Hi" }] })
const server = {
  id: "docs",
  name: "Docs",
  endpoint: "http://localhost/mcp",
  transport: "http",
  isConnected: true,
  availableTools: [],
}

describe("the key of an answer", () => {
  it("is the same for the same question from any user and session of the organisation", () => {
    const again = { ...question, runId: runIdOf(9), userId: UserId.make("bob"), requestId: "other" }
    assert.strictEqual(answerKey(again, provider), answerKey(question, provider))
    assert.notStrictEqual(userId, again.userId)
  })

  it("differs with everything that the provider is parts, and with the organisation", () => {
    const settings = question.agent.settings
    const variants = [
      { ...question, orgId: otherOrgId },
      { ...question, message: `${question.message} ` },
      { ...question, history: [] },
      { ...question, attachments: [attachment(1)] },
      { ...question, history: [{ ...question.history[0]!, attachments: [attachment(1)] }] },
      { ...question, history: [{ ...question.history[0]!, attachments: [attachment(2)] }] },
      { ...question, history: [{ role: "assistant" as const, content: "Hi" }] },
      { ...question, history: [], message: `Hi${question.message}` },
      ...[{ systemPrompt: "Be rude." }, { model: "m-2" }, { temperature: 0.1 }, { maxTokens: 9 }].map(
        (change) => ({ ...question, agent: agent({ ...settings, ...change }) }),
      ),
    ].map((other) => answerKey(other, provider))
    const providers = [
      { ...provider, model: "m-3" },
      { ...provider, name: "b" },
      { ...provider, baseUrl: "http://elsewhere" },
      { ...provider, takesAgentModel: false },
      { ...provider, headers: { "x-variant": Redacted.make("a") } },
      { ...provider, headers: { "x-variant": Redacted.make("b") } },
      { ...provider, query: { "api-version": "2024-10-21" } },
      { ...provider, maxTokensField: "none" as const },
      { ...provider, temperature: false },
    ].map((other) => answerKey(question, other))
    const all = [answerKey(question, provider), ...variants, ...providers]
    assert.strictEqual(new Set(all).size, all.length)
  })
})

describe("an answer is cacheable", () => {
  const orgs = new Set<string>([orgId])

  it("for the organisations that want it and no others", () => {
    assert.isTrue(isCacheable(question, orgs))
    assert.isFalse(isCacheable({ ...question, orgId: otherOrgId }, orgs))
    assert.isFalse(isCacheable(question, new Set()))
  })

  it("never of an agent that has tools or other agents, never of a shadow or a probe", () => {
    const critic = { id: "critic", name: "Critic", description: "", systemPrompt: "Doubt." }
    assert.isFalse(isCacheable({ ...question, agent: agent({ mcpServers: [server] }) }, orgs))
    assert.isFalse(isCacheable({ ...question, agent: agent({ subAgents: [critic] }) }, orgs))
    assert.isFalse(isCacheable({ ...question, shadow: true }, orgs))
    assert.isFalse(isCacheable({ ...question, again: true }, orgs))
    assert.isFalse(isCacheable({ ...question, probe: true }, orgs))
  })
})
