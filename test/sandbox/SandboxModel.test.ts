import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { call, json, payloads, setFault } from "./wire.ts"

const fast = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 0 })

/** Every part of a stream that the real client package reads from the sandbox, or the error that it throws. */
const read = (modelUrl: string, question: string) =>
  Effect.tryPromise(async () => {
    const provider = createOpenAICompatible({
      name: "sandbox",
      baseURL: `${modelUrl}/v1`,
      includeUsage: true,
    })
    const { stream } = await provider("sandbox-model").doStream({
      prompt: [
        { role: "system", content: "Be kind." },
        { role: "user", content: [{ type: "text", text: question }] },
      ],
    })
    const parts: Array<LanguageModelV4StreamPart> = []
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) parts.push(part)
    return parts
  })

const textOf = (parts: ReadonlyArray<LanguageModelV4StreamPart>) =>
  parts.flatMap((part) => (part.type === "text-delta" ? [part.delta] : [])).join("")

interface Whole {
  readonly choices: ReadonlyArray<{ readonly message: { readonly content: string } }>
}
interface Models {
  readonly data: ReadonlyArray<{ readonly id: string }>
}
interface Refusal {
  readonly error: { readonly type: string; readonly param: string }
}

const ask = {
  model: "sandbox-model",
  messages: [
    { role: "user", content: "before" },
    { role: "assistant", content: "yes" },
    { role: "user", content: "Où ?" },
  ],
}
const completions = (modelUrl: string, body: unknown) => call(`${modelUrl}/v1/chat/completions`, { body })

layer(fast, { excludeTestServices: true })("the sandbox model", (it) => {
  it.effect("is read by @ai-sdk/openai-compatible: text, finish and usage", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      const parts = yield* read(modelUrl, "Où est le café ?")
      assert.include(textOf(parts), "> Où est le café ?")
      assert.include(textOf(parts), "written by the sandbox model (direct mode)")
      assert.strictEqual(parts.filter((part) => part.type === "error").length, 0)
      const finish = parts.find((part) => part.type === "finish")
      assert.strictEqual(finish?.finishReason.unified, "stop")
      assert.strictEqual(finish?.usage.outputTokens.total, Math.ceil(textOf(parts).length / 4))
    }),
  )

  it.effect("streams LF frames that end with usage, when asked for, and [DONE]", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      const received = yield* completions(modelUrl, {
        ...ask,
        stream: true,
        stream_options: { include_usage: true },
      })
      assert.notInclude(received.body.toString("utf8"), "\r")
      const [usage, done] = payloads(received.body, "\n").slice(-2)
      assert.strictEqual(done, "[DONE]")
      assert.deepStrictEqual(JSON.parse(usage!).choices, [])
      assert.isTrue(JSON.parse(usage!).usage.total_tokens > 0)
      const without = yield* completions(modelUrl, { ...ask, stream: true })
      assert.notInclude(without.body.toString("utf8"), "usage")
    }),
  )

  it.effect("answers in one piece without stream, lists its model, and refuses a body without messages", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      const whole = json<Whole>(yield* completions(modelUrl, ask))
      assert.include(whole.choices[0]?.message.content, "> Où ?")
      assert.strictEqual(json<Models>(yield* call(`${modelUrl}/v1/models`)).data[0]?.id, "sandbox-model")
      const refused = yield* completions(modelUrl, { model: "x", messages: [] })
      assert.strictEqual(refused.status, 400)
      const { error } = json<Refusal>(refused)
      assert.strictEqual(error.type, "invalid_request_error")
      assert.include(error.param, "messages")
    }),
  )

  it.effect("fails with 500 at error-rate 1, which the client package throws", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      yield* setFault(modelUrl, { fault: "error-rate", rate: 1 })
      assert.strictEqual((yield* completions(modelUrl, ask)).status, 500)
      const error = yield* Effect.flip(read(modelUrl, "x"))
      assert.include(String(error.cause), "error-rate")
      yield* setFault(modelUrl, { fault: "none" })
    }),
  )

  it.effect("is cut: the client package has some text and then an error", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      yield* setFault(modelUrl, { fault: "cut", afterEvents: 4 })
      const received = yield* completions(modelUrl, { ...ask, stream: true })
      assert.isFalse(received.ended)
      assert.strictEqual(payloads(received.body, "\n").length, 5, "four events and half of the fifth")
      yield* Effect.flip(read(modelUrl, "x"))
      yield* setFault(modelUrl, { fault: "none" })
    }),
  )

  it.effect("writes garbage: the client package reports error parts", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      yield* setFault(modelUrl, { fault: "garbage" })
      const parts = yield* read(modelUrl, "x")
      assert.isTrue(parts.some((part) => part.type === "error"))
      yield* setFault(modelUrl, { fault: "none" })
    }),
  )

  it.effect("is down: the client package cannot connect, the control route still answers", () =>
    Effect.gen(function* () {
      const { modelUrl } = yield* Sandbox
      yield* setFault(modelUrl, { fault: "down" })
      yield* Effect.flip(call(`${modelUrl}/v1/models`))
      yield* Effect.flip(read(modelUrl, "x"))
      yield* setFault(modelUrl, { fault: "none" })
      assert.isTrue(textOf(yield* read(modelUrl, "x")).length > 0)
    }),
  )
})
