import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { type DirectProvider, plainRequests } from "../../../src/domain/DirectProvider.ts"
import {
  chatFields,
  headersOf,
  temperatureFor,
  urlOf,
} from "../../../src/execution/direct/ProviderRequest.ts"

const provider = (fields: Partial<DirectProvider> = {}): DirectProvider => ({
  name: "a",
  kind: "openai-compatible",
  baseUrl: "https://llm.example/v1",
  apiKey: Redacted.make("sk-not-a-key"),
  model: "m",
  ...plainRequests,
  ...fields,
})

describe("the address of a request", () => {
  const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, string]> = [
    ["https://llm.example/v1", {}, "https://llm.example/v1/chat/completions"],
    ["https://llm.example/v1//", {}, "https://llm.example/v1/chat/completions"],
    ["https://llm.example", {}, "https://llm.example/chat/completions"],
    ["https://llm.example/?a=b%20c&d", {}, "https://llm.example/chat/completions?a=b%20c&d"],
    ["https://llm.example/v1?a=1", { b: "2&3" }, "https://llm.example/v1/chat/completions?a=1&b=2%263"],
    ["https://llm.example/v1?a=1", { a: "2" }, "https://llm.example/v1/chat/completions?a=2"],
    ["https://llm.example/v1/chat/completions?a=1", {}, "https://llm.example/v1/chat/completions?a=1"],
    ["https://llm.example/a%2Fb", {}, "https://llm.example/a%2Fb/chat/completions"],
  ]
  it.each(cases)("below %s with %o is %s", (baseUrl, query, url) => {
    assert.strictEqual(urlOf(provider({ baseUrl, query }), "/chat/completions"), url)
  })

  it("keeps the path's own query, and is the provider's own where none is given", () => {
    const google = provider({ kind: "google", baseUrl: undefined, query: { x: "1" } })
    assert.strictEqual(
      urlOf(google, "/models/m:streamGenerateContent?alt=sse"),
      "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse&x=1",
    )
  })
})

describe("the headers of a request", () => {
  it("carry the key where the kind or the variable says", () => {
    assert.deepStrictEqual(headersOf(provider()), { authorization: "Bearer sk-not-a-key" })
    assert.deepStrictEqual(headersOf(provider({ kind: "anthropic" })), { "x-api-key": "sk-not-a-key" })
    assert.deepStrictEqual(headersOf(provider({ kind: "google" })), { "x-goog-api-key": "sk-not-a-key" })
    assert.deepStrictEqual(headersOf(provider({ apiKeyHeader: "api-key" })), { "api-key": "sk-not-a-key" })
    assert.deepStrictEqual(headersOf(provider({ kind: "anthropic", apiKeyHeader: "authorization" })), {
      authorization: "Bearer sk-not-a-key",
    })
    assert.deepStrictEqual(headersOf(provider({ apiKey: undefined })), {})
  })

  it("are the configured ones before the key's", () => {
    const headers = { "x-title": Redacted.make("Chat"), authorization: Redacted.make("Basic eDp5") }
    assert.deepStrictEqual(headersOf(provider({ headers })), {
      "x-title": "Chat",
      authorization: "Basic eDp5",
    })
  })
})

describe("the fields of a request", () => {
  it("are those that the provider takes and the agent sets", () => {
    const agent = { maxTokens: 5, temperature: 0 }
    assert.deepStrictEqual(chatFields(provider(), "m", agent), {
      stream_options: { include_usage: true },
      max_tokens: 5,
      temperature: 0,
    })
    assert.deepStrictEqual(
      chatFields(provider({ maxTokensField: "max_completion_tokens", streamUsage: false }), "m", agent),
      { max_completion_tokens: 5, temperature: 0 },
    )
    const none = provider({ maxTokensField: "none", streamUsage: false, temperature: false })
    assert.deepStrictEqual(chatFields(none, "m", agent), {})
    assert.deepStrictEqual(chatFields(provider({ streamUsage: false }), "m", {}), {})
  })

  it("have no temperature for OpenAI's reasoning models, whichever provider serves them", () => {
    const sent = (model: string) => temperatureFor(provider(), model, 0.5)
    const reasoning = ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5.2-chat", "gpt-6"]
    for (const model of [...reasoning, "openai/gpt-5-nano", "gpt-10-mini"])
      assert.isUndefined(sent(model), model)
    const others = ["gpt-4o", "gpt-4.1", "gpt-5-chat-latest", "gpt-oss-120b", "gpt-35-turbo", "olmo-2", "m"]
    for (const model of [...others, "openai/gpt-oss-20b", "foo1"]) assert.strictEqual(sent(model), 0.5, model)
  })
})
