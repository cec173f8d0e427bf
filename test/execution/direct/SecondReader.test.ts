/** The samples that our readers are tested with, read by the providers' real client packages: same bytes, same text. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { createGoogleGenerativeAI } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import type { LanguageModelV4 } from "@ai-sdk/provider"
import { assert, describe, it } from "@effect/vitest"
import { heardBy, joined } from "./answers.ts"
import type { Reader } from "../../../src/execution/direct/AnswerDecoder.ts"
import * as Anthropic from "../../../src/execution/direct/Anthropic.ts"
import * as Gemini from "../../../src/execution/direct/Gemini.ts"
import * as OpenAiChat from "../../../src/execution/direct/OpenAiChat.ts"
import * as OpenAiResponses from "../../../src/execution/direct/OpenAiResponses.ts"
import * as samples from "./samples.ts"

type Fetch = typeof globalThis.fetch

const settings = (sample: string) => {
  const fetch: Fetch = () =>
    Promise.resolve(new Response(sample, { headers: { "content-type": "text/event-stream" } }))
  return { baseURL: "http://127.0.0.1:1", apiKey: "not-a-key", name: "a", includeUsage: true, fetch }
}

const cases: ReadonlyArray<readonly [string, string, Reader, (sample: string) => LanguageModelV4]> = [
  ["OpenAI-compatible", samples.chat, OpenAiChat.reader, (one) => createOpenAICompatible(settings(one))("m")],
  ["Responses", samples.responses, OpenAiResponses.reader, (one) => createOpenAI(settings(one))("m")],
  ["Anthropic's", samples.anthropic, Anthropic.reader, (one) => createAnthropic(settings(one))("m")],
  ["Gemini's", samples.gemini, Gemini.reader, (one) => createGoogleGenerativeAI(settings(one))("m")],
]

const readBy = async (model: LanguageModelV4) => {
  const read = { text: "", thinking: "", tokens: 0, reason: "" }
  const { stream } = await model.doStream({
    prompt: [{ role: "user", content: [{ type: "text", text: "x" }] }],
  })
  for await (const part of stream as unknown as AsyncIterable<
    typeof stream extends ReadableStream<infer P> ? P : never
  >) {
    if (part.type === "text-delta") read.text += part.delta
    if (part.type === "reasoning-delta") read.thinking += part.delta
    if (part.type === "error") throw part.error
    if (part.type === "finish") {
      read.tokens = (part.usage.inputTokens.total ?? 0) + (part.usage.outputTokens.total ?? 0)
      read.reason = part.finishReason.unified
    }
  }
  return read
}

describe("an answer is the same to us and to the client package", () => {
  it.each(cases)("reads the %s wire", async (_, sample, reader, modelOf) => {
    const { end, said } = heardBy(reader)(sample)
    assert.strictEqual(end?._tag, "Finished")
    const ours = {
      ...joined(said),
      tokens: end?._tag === "Finished" ? end.usage?.tokens : undefined,
      reason: end?._tag === "Finished" ? end.finishReason : undefined,
    }
    assert.deepStrictEqual<unknown>(ours, await readBy(modelOf(sample)))
  })
})
