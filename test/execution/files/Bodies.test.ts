import { assert, describe, it } from "@effect/vitest"
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions"
import type { ResponseInput } from "openai/resources/responses/responses"
import { ContentPartSchema } from "@ag-ui/core/schemas"
import * as AgUiRequest from "../../../src/execution/ag-ui/AgUiRequest.ts"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import type { PromptMessage } from "../../../src/domain/History.ts"
import type { Turn } from "../../../src/execution/Executor.ts"
import { wires } from "../../../src/execution/direct/Wire.ts"
import type { LoadedFile } from "../../../src/execution/files/AttachmentRules.ts"
import * as LangGraphRequest from "../../../src/execution/langgraph/LangGraphRequest.ts"
import * as ResponsesRequest from "../../../src/execution/responses/ResponsesRequest.ts"
import * as RuntimeRequest from "../../../src/execution/runtime/RuntimeRequest.ts"
import { agent, turn } from "../../support/fixtures.ts"
import { attachment } from "../../support/heldFiles.ts"

const image: LoadedFile = { ...attachment(1), content: "iVBO" }
const pdf: LoadedFile = { ...attachment(2, "pdf"), content: "JVBE" }
const notes: LoadedFile = { ...attachment(3, "text"), content: "a, b" }
const byKind = { image, pdf, text: notes }
type Kind = keyof typeof byKind

const files = new Map([image, pdf, notes].map((file) => [file.fileId, file]))
const nameless = ({ bytes, fileId, filename, kind, mediaType }: LoadedFile) => ({
  ...{ bytes, fileId, filename, kind, mediaType },
})

const message = (content: string, ...own: ReadonlyArray<LoadedFile>): PromptMessage => ({
  role: "user",
  content,
  ...(own.length === 0 ? {} : { attachments: own.map(nameless) }),
})

/** A turn whose current message, or the one before it, brings `own`. */
const turnWith = (place: "current" | "history", content: string, ...own: ReadonlyArray<LoadedFile>): Turn => {
  const with_ = message(content, ...own)
  const history =
    place === "current"
      ? [with_]
      : [with_, { role: "assistant" as const, content: "Yes." }, message("And now?")]
  const current = history.at(-1)!
  return turn({
    agent: agent({ systemPrompt: "" }),
    history,
    message: current.content,
    attachments: current.attachments ?? [],
    files,
  })
}

const settings = { name: "a", baseUrl: undefined, apiKey: undefined, model: "m", ...plainRequests }
const endpoint = { url: "http://runtime", headers: {}, agent: "agent" }

/** The content of the message with the files on each wire. */
const contentOn = {
  "openai-compatible": (one: Turn) => {
    const body = wires["openai-compatible"].body({ ...settings, kind: "openai-compatible" }, one, "m")
    const { messages } = body as { messages: Array<ChatCompletionMessageParam> }
    return messages[0]?.content
  },
  openai: (one: Turn) => {
    const { input } = wires.openai.body({ ...settings, kind: "openai" }, one, "m") as { input: ResponseInput }
    return (input[0] as { content: unknown }).content
  },
  anthropic: (one: Turn) => {
    const body = wires.anthropic.body({ ...settings, kind: "anthropic" }, one, "m")
    return (body as { messages: Array<{ content: unknown }> }).messages[0]?.content
  },
  google: (one: Turn) => {
    const body = wires.google.body({ ...settings, kind: "google" }, one, "m")
    return (body as { contents: Array<{ parts: unknown }> }).contents[0]?.parts
  },
  "ag-ui": (one: Turn) => {
    const [first] = AgUiRequest.make(one, "full").messages
    return first?.role === "user" ? first.content : undefined
  },
  langgraph: (one: Turn) => {
    const body = LangGraphRequest.make(one, "agent", { kind: "new", thread: "t" })
    return (body as unknown as { input: { messages: Array<{ content: unknown }> } }).input.messages[0]
      ?.content
  },
  responses: (one: Turn) => {
    const input = (ResponsesRequest.make(one, endpoint)?.body as { input: unknown } | undefined)?.input
    return typeof input === "string" ? input : (input as Array<{ content: unknown }>)[0]?.content
  },
} satisfies Record<string, (one: Turn) => unknown>
type Wire = keyof typeof contentOn

const asText = "[file: file-3.txt]\na, b"
const imageUrl = "data:image/png;base64,iVBO"
const pdfUrl = "data:application/pdf;base64,JVBE"

const table: Readonly<Record<Wire, Readonly<Record<Kind, unknown>>>> = {
  "openai-compatible": {
    image: [
      { type: "image_url", image_url: { url: imageUrl } },
      { type: "text", text: "See" },
    ],
    pdf: [
      { type: "file", file: { filename: "file-2.pdf", file_data: pdfUrl } },
      { type: "text", text: "See" },
    ] satisfies ChatCompletionMessageParam["content"],
    text: `${asText}\n\nSee`,
  },
  openai: {
    image: [
      { type: "input_image", image_url: imageUrl, detail: "auto" },
      { type: "input_text", text: "See" },
    ],
    pdf: [
      { type: "input_file", filename: "file-2.pdf", file_data: pdfUrl },
      { type: "input_text", text: "See" },
    ],
    text: `${asText}\n\nSee`,
  },
  anthropic: {
    image: [
      { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } },
      { type: "text", text: "See" },
    ],
    pdf: [
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "JVBE" },
        title: "file-2.pdf",
      },
      { type: "text", text: "See" },
    ],
    text: [
      {
        type: "document",
        source: { type: "text", media_type: "text/plain", data: "a, b" },
        title: "file-3.txt",
      },
      { type: "text", text: "See" },
    ],
  },
  google: {
    image: [{ inlineData: { mimeType: "image/png", data: "iVBO" } }, { text: "See" }],
    pdf: [{ inlineData: { mimeType: "application/pdf", data: "JVBE" } }, { text: "See" }],
    text: [{ text: `${asText}\n\nSee` }],
  },
  "ag-ui": {
    image: [
      {
        type: "image",
        source: { type: "data", value: "iVBO", mimeType: "image/png" },
        metadata: { filename: "file-1.png" },
      },
      { type: "text", text: "See" },
    ],
    pdf: [
      {
        type: "document",
        source: { type: "data", value: "JVBE", mimeType: "application/pdf" },
        metadata: { filename: "file-2.pdf" },
      },
      { type: "text", text: "See" },
    ],
    text: `${asText}\n\nSee`,
  },
  langgraph: {
    image: [
      { type: "image", base64: "iVBO", mime_type: "image/png" },
      { type: "text", text: "See" },
    ],
    pdf: [
      { type: "file", base64: "JVBE", mime_type: "application/pdf", filename: "file-2.pdf" },
      { type: "text", text: "See" },
    ],
    text: `${asText}\n\nSee`,
  },
  responses: {
    image: [
      { type: "input_image", image_url: imageUrl, detail: "auto" },
      { type: "input_text", text: "See" },
    ],
    pdf: [
      { type: "input_file", filename: "file-2.pdf", file_data: pdfUrl },
      { type: "input_text", text: "See" },
    ],
    text: `${asText}\n\nSee`,
  },
}

const wireNames = Object.keys(table) as ReadonlyArray<Wire>
const kinds = ["image", "pdf", "text"] as const
const cases = wireNames.flatMap((wire) =>
  kinds.flatMap((kind) => (["current", "history"] as const).map((place) => [wire, kind, place] as const)),
)

describe("a message with a file", () => {
  it.each(cases)("is in the form of %s: %s, %s", (wire, kind, place) => {
    assert.deepStrictEqual(contentOn[wire](turnWith(place, "See", byKind[kind])), table[wire][kind])
  })

  it.each(wireNames)("has no part for a blank text on %s", (wire) => {
    const parts = contentOn[wire](turnWith("current", "", image))
    assert.lengthOf(parts as Array<unknown>, 1)
  })

  it.each(wireNames)("has ten files before its text on %s", (wire) => {
    const parts = contentOn[wire](turnWith("current", "See", ...Array.from({ length: 10 }, () => image)))
    assert.lengthOf(parts as Array<unknown>, 11)
  })

  it.each(wireNames)("keeps a text file beside an image on %s", (wire) => {
    const parts = contentOn[wire](turnWith("current", "See", notes, image))
    assert.lengthOf(parts as Array<unknown>, 3)
    assert.include(JSON.stringify(parts), "a, b")
  })

  it("is valid for AG-UI's own schema", () => {
    const parts = contentOn["ag-ui"](turnWith("current", "See", image, pdf, notes))
    for (const part of parts as Array<unknown>) assert.isTrue(ContentPartSchema.safeParse(part).success)
  })

  it("names an empty text file to Anthropic, which refuses blank texts", () => {
    const empty = { ...notes, content: "" }
    const one = { ...turnWith("current", "", empty), files: new Map([[empty.fileId, empty]]) }
    assert.deepStrictEqual(contentOn.anthropic(one), [{ type: "text", text: "[file: file-3.txt]\n" }])
  })

  it("has links beside its text on agent2ui, which gets them in its metadata alone", () => {
    const linked = { ...image, content: "https://chat.example/api/v1/files/1?ticket=t" }
    const one = { ...turnWith("current", "See", linked), files: new Map([[linked.fileId, linked]]) }
    const body = RuntimeRequest.make(one, [])
    assert.deepStrictEqual(body.history_messages, [{ role: "user", content: "See" }])
    assert.deepInclude(body.metadata, {
      attachments: [
        {
          fileId: image.fileId,
          filename: "file-1.png",
          mediaType: "image/png",
          bytes: 4,
          url: linked.content,
        },
      ],
    })
    assert.notProperty(RuntimeRequest.make(turnWith("current", "See"), []).metadata, "attachments")
  })

  it("is an answer's follower in a thread with all that the thread lacks", () => {
    const past = {
      id: turn().messageId,
      executionMode: null,
      interrupts: [],
      answers: [],
      upstream: undefined,
    }
    const missing = [{ ...past, role: "user" as const, content: "", attachments: [nameless(pdf)] }]
    const place = { thread: "t", checkpoint: "c", run: "r", calls: [] }
    const one = turnWith("current", "See", image)
    const body = LangGraphRequest.make(one, "agent", { kind: "continue", place, missing })
    const { messages } = (body as unknown as { input: { messages: Array<{ content: Array<object> }> } }).input
    assert.deepStrictEqual(
      messages.map(({ content }) => content.map((part) => ("type" in part ? part.type : undefined))),
      [["file"], ["image", "text"]],
    )
  })
})
