import { assert, describe, it } from "@effect/vitest"
import { RunAgentInputSchema } from "@ag-ui/core/schemas"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { safeValidateUIMessages, type UIMessage } from "ai"
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions"
import { conversationOf } from "../../src/api/OpenAiMessages.ts"
import { ChatRequest } from "../../src/api/OpenAiChatRequest.ts"
import { FileId } from "../../src/domain/Ids.ts"
import { expectedFile, ofUrl, tooManyFiles } from "../../src/protocol/FileReference.ts"
import * as AgUi from "../../src/protocol/ag-ui/RunAgentInput.ts"
import * as AiSdk from "../../src/protocol/ai-sdk/UiRequest.ts"

const id = FileId.make("01900000-0000-7000-8000-000000000001")
const own = `https://chat.example/api/v1/files/${id}?ticket=x`
const png = "data:image/png;base64,iVBORw0KGgo="
const pdf = "data:application/pdf;base64,JVBE"
const foreign = "https://example.org/a.png"

/** The text is judged as the service does for a message without files. */
const judged = (text: string) => (text === "" ? "Expected at least 1 character" : undefined)

const parts = (text: string) => (text === "" ? [] : [{ type: "text" as const, text }])

const uiMessage = (text: string, ...urls: ReadonlyArray<string>): UIMessage => ({
  id: "m",
  role: "user",
  parts: [
    ...urls.map((url) => ({ type: "file" as const, mediaType: "image/png", filename: "a.png", url })),
    ...parts(text),
  ],
})

const ofAiSdk = (text: string, ...urls: ReadonlyArray<string>) => {
  const request = Schema.decodeSync(AiSdk.UiRequest)({ id: "c", messages: [uiMessage(text, ...urls)] })
  const { files, message } = AiSdk.askedOf(request)
  return { files, message, problem: AiSdk.problemOf(request, judged)?.issue }
}

const agUiSource = (url: string) =>
  url.startsWith("data:")
    ? { type: "data", value: url.slice(url.indexOf(",") + 1), mimeType: url.slice(5, url.indexOf(";")) }
    : { type: "url", value: url }

const ofAgUi = (text: string, ...urls: ReadonlyArray<string>) => {
  const content = [
    ...urls.map((url) => ({ type: "image", source: agUiSource(url), metadata: { filename: "a.png" } })),
    ...parts(text),
  ]
  const body = { threadId: "t", runId: "r", messages: [{ id: "u", role: "user", content }] }
  RunAgentInputSchema.parse(body)
  const request = Schema.decodeUnknownSync(AgUi.RunAgentInput)(body)
  const { files, message } = AgUi.askedOf(request)
  return { files, message: message?.text, problem: AgUi.problemOf(request, judged)?.issue }
}

const ofMessages = (...messages: ReadonlyArray<ChatCompletionMessageParam>) => {
  const decoded = Schema.decodeUnknownExit(ChatRequest)({ model: "a", messages })
  if (Exit.isFailure(decoded)) return { files: [], message: undefined, problem: String(decoded.cause) }
  const { files, history, message } = conversationOf(decoded.value.messages)
  return { files, history, message, problem: undefined }
}

const ofOpenAi = (text: string, ...urls: ReadonlyArray<string>) =>
  ofMessages({
    role: "user",
    content: [...urls.map((url) => ({ type: "image_url" as const, image_url: { url } })), ...parts(text)],
  })

const fronts = { "AI SDK": ofAiSdk, "AG-UI": ofAgUi, OpenAI: ofOpenAi } as const
const names = Object.keys(fronts) as ReadonlyArray<keyof typeof fronts>

describe.each(names)("a message of %s", (name) => {
  const read = fronts[name]
  const inputs = (text: string, url: string) => read(text, url).files.map(({ input }) => input)

  it("brings a file in it, with its name", () => {
    const [input] = inputs("See", png)
    assert.deepStrictEqual(input, { data: png, filename: name === "OpenAI" ? "file-1.png" : "a.png" })
    assert.strictEqual(read("See", png).message, "See")
    assert.isUndefined(read("See", png).problem)
  })

  it("names an uploaded file by its address", () => {
    assert.deepStrictEqual(inputs("See", own), [{ fileId: id }])
    assert.isUndefined(read("See", own).problem)
  })

  it("may have files without a text, up to ten", () => {
    assert.isUndefined(read("", png).problem)
    assert.strictEqual(read("", png).message, "")
    assert.isUndefined(read("", ...Array.from({ length: 10 }, () => png)).problem)
    assert.include(read("", ...Array.from({ length: 11 }, () => png)).problem, tooManyFiles)
    assert.isDefined(read("").problem)
  })

  it("is refused for a file of another host", () => {
    assert.include(read("See", foreign).problem, expectedFile)
    assert.include(read("See", "").problem, expectedFile)
  })
})

describe("a message of the AI SDK", () => {
  it("is valid for the package", async () => {
    assert.isTrue((await safeValidateUIMessages({ messages: [uiMessage("See", png)] })).success)
  })
})

describe("a message of AG-UI", () => {
  const problemOf = (part: object) => {
    const messages = [{ id: "u", role: "user", content: [part] }]
    const request = Schema.decodeUnknownSync(AgUi.RunAgentInput)({ threadId: "t", runId: "r", messages })
    return [AgUi.askedOf(request).files[0]?.input, AgUi.problemOf(request, judged)?.issue] as const
  }

  it("may bring documents, files by id, and the binary parts of older clients", () => {
    const document = {
      type: "document",
      source: { type: "data", value: "JVBE", mimeType: "application/pdf" },
    }
    assert.deepStrictEqual(problemOf(document), [{ data: pdf }, undefined])
    assert.deepStrictEqual(problemOf({ type: "image", source: { type: "file", value: id } }), [
      { fileId: id },
      undefined,
    ])
    const binary = { type: "binary", mimeType: "application/pdf", data: "JVBE", filename: "a.pdf" }
    assert.deepStrictEqual(problemOf(binary), [{ data: pdf, filename: "a.pdf" }, undefined])
    assert.deepStrictEqual(problemOf({ type: "binary", mimeType: "image/png", url: own }), [
      { fileId: id },
      undefined,
    ])
  })

  it("is refused for audio and video", () => {
    const audio = { type: "audio", source: { type: "data", value: "AA==", mimeType: "audio/wav" } }
    assert.match(problemOf(audio)[1] ?? "", /^Expected only text, image and document parts, got audio$/)
  })
})

describe("a conversation of OpenAI", () => {
  it("brings its files with the last message, and marks in the history", () => {
    const { files, history, message } = ofMessages(
      { role: "user", content: [{ type: "image_url", image_url: { url: png } }] },
      { role: "assistant", content: "A cat." },
      {
        role: "user",
        content: [
          { type: "text", text: "And this?" },
          { type: "file", file: { filename: "b.pdf", file_data: pdf } },
        ],
      },
    )
    assert.deepStrictEqual(
      files.map(({ input }) => input),
      [
        { data: png, filename: "file-1.png" },
        { data: pdf, filename: "b.pdf" },
      ],
    )
    assert.strictEqual(message, "And this?")
    assert.deepStrictEqual(history, [
      { role: "user", content: "[file: file-1.png]" },
      { role: "assistant", content: "A cat." },
    ])
  })

  it("is refused for files of an assistant", () => {
    const image = { type: "image_url", image_url: { url: png } } as never
    const { problem } = ofMessages({ role: "assistant", content: [image] }, { role: "user", content: "x" })
    assert.include(problem, "Expected a part of type text")
  })
})

describe("the address of a file", () => {
  it.each([
    [`/api/v1/files/${id}`, true],
    [`https://chat.example:8443/base/api/v1/files/${id}#x`, true],
    [`https://chat.example/api/v1/files/${id.toUpperCase()}`, true],
    [`/api/v1/files/${id}/other`, false],
    [`/api/v1/files/${id}x`, false],
    ["/api/v1/files/..%2f", false],
    [`file:///api/v1/files/${id}`, false],
    [`ftp://a/api/v1/files/${id}`, false],
    ["http://169.254.169.254/latest/meta-data", false],
    [`http://a/?u=/api/v1/files/${id}`, false],
  ])("%s is an uploaded file: %s", (url, expected) => {
    assert.strictEqual(ofUrl(url) !== undefined, expected)
  })
})
