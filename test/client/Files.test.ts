/** Files of messages, by the client package and a real gateway. */
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import * as EffectClient from "../../src/client/EffectClient.ts"
import { defaultAgent } from "../support/chatClient.ts"
import { png } from "../support/uploads.ts"
import { useWorld } from "../support/world.ts"
import { clientOf } from "./reading.ts"

const world = useWorld({ DIRECT_LLM_A_ATTACHMENTS: "image" })
const client = () => clientOf(world.gateway.url, world.client.token)
const open = (sessionId?: string) =>
  new ConversationStore({ client: client(), agentId: defaultAgent, sessionId })
const image = () => new File([png], "ä b.png", { type: "image/png" })

const questions = (store: ConversationStore) =>
  store
    .getState()
    .conversation.messages.flatMap((message) =>
      message.role === "user" ? [{ content: message.content, attachments: message.attachments }] : [],
    )

const reloaded = async (store: ConversationStore) => {
  const other = open(store.getState().conversation.sessionId)
  await other.open()
  return other
}

describe("files of the client package", () => {
  it("are uploaded, sent, and shown alike live and after a reload", async () => {
    const file = await client().upload(image())
    expect(file).toEqual({
      fileId: expect.any(String),
      filename: "ä b.png",
      mediaType: "image/png",
      kind: "image",
      bytes: png.length,
      url: `/api/v1/files/${file.fileId}`,
    })
    const store = open()
    await store.send("", [file])
    await store.send("next")
    expect(store.getState().error).toBeUndefined()
    expect(questions(store)).toEqual([
      { content: "", attachments: [file] },
      { content: "next", attachments: [] },
    ])
    expect(questions(await reloaded(store))).toEqual(questions(store))
  })

  it("stay with an edited message, unless the edit replaces them", async () => {
    const store = open()
    const [first, second] = [await client().upload(image()), await client().upload(image())]
    await store.send("Look", [first])
    const edited = async (text: string, ...files: ReadonlyArray<typeof first>[]) => {
      await store.edit(store.getState().conversation.messages[0]!.key, text, ...files)
      expect(store.getState().error).toBeUndefined()
      expect(questions(await reloaded(store))).toEqual(questions(store))
      return questions(store)
    }
    expect(await edited("Look again")).toEqual([{ content: "Look again", attachments: [first] }])
    expect(await edited("")).toEqual([{ content: "", attachments: [first] }])
    expect(await edited("Both", [first, second])).toEqual([{ content: "Both", attachments: [first, second] }])
    expect(await edited("None", [])).toEqual([{ content: "None", attachments: [] }])
  })

  it("throw the gateway's error if they are refused, and a refused message keeps its files for a retry", async () => {
    const text = new File(["no image"], "a.png", { type: "image/png" })
    await expect(client().upload(text)).rejects.toMatchObject({ code: "FILE_REFUSED", status: 422 })
    const pdf = await client().upload(new Blob(["%PDF-1.7\n%%EOF\n"], { type: "application/pdf" }))
    expect(pdf).toMatchObject({ filename: "file", kind: "pdf" })
    const store = open()
    await store.send("Read", [pdf])
    expect(store.getState().error?.code).toBe("ATTACHMENTS_UNSUPPORTED")
    expect(store.getState().conversation.messages).toMatchObject([{ refused: true, attachments: [pdf] }])
    await store.retry()
    expect(store.getState().error?.code).toBe("ATTACHMENTS_UNSUPPORTED")
  })

  it("are uploaded by the client with Effects too", async () => {
    const { token } = world.client
    const made = EffectClient.make({ baseUrl: world.gateway.url, token })
    const file = await Effect.runPromise(made.upload(image(), { filename: "other.png" }))
    expect(file).toMatchObject({ filename: "other.png", kind: "image" })
  })
})
