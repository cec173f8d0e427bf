/** The client package: its store, as the hook and the console use it. */
import { createClient } from "../../src/client/Client.ts"
import type { InterruptAnswer } from "../../src/client/Contract.ts"
import type { Answer } from "../../src/client/Conversation.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import type { Part } from "../../src/client/Parts.ts"
import { defaultAgent, eventually } from "../support/chatClient.ts"
import { type ClientDriver, nothingShown, type Shown } from "./Shown.ts"

const failedOf = ({ status }: Part & { readonly type: "call" }) =>
  status === "success" || status === "error" ? status === "error" : undefined

const show = (shown: Shown, part: Part): void => {
  if (part.type === "text") shown.text += part.content
  if (part.type === "thinking") shown.thinking += part.content
  if (part.type === "plan") shown.steps.push(...part.steps.map(({ title }) => title))
  if (part.type === "call") shown.calls.push({ name: part.name, failed: failedOf(part) })
  if (part.type === "file") shown.files.push(part.data.filename)
  if (part.type === "interrupt")
    shown.questions.push({ id: part.data.interruptId, message: part.data.message ?? part.data.reason })
}

const shownBy = (store: ConversationStore): Shown => {
  const { conversation, error } = store.getState()
  const shown = nothingShown()
  const answer = conversation.messages.findLast((message): message is Answer => message.role === "assistant")
  for (const part of answer?.parts ?? []) show(shown, part)
  shown.error = error?.message ?? answer?.error?.message
  return shown
}

export const clientPackage: ClientDriver = {
  name: "client package",
  cannot: [],
  open: ({ token, url }) => {
    const settings = { client: createClient({ baseUrl: url, token }), agentId: defaultAgent }
    const store = new ConversationStore(settings)
    const after = async (done: Promise<void>) => {
      await done
      return shownBy(store)
    }
    return {
      send: (message) => after(store.send(message)),
      answer: (interruptId, payload) =>
        after(store.answer(interruptId, payload as InterruptAnswer["payload"])),
      cancel: async (message, begun) => {
        const sent = store.send(message)
        await begun()
        await store.stop()
        await sent
      },
      // The package reopens a broken connection by itself.
      reopen: () => Promise.resolve(shownBy(store)),
      join: async () => {
        const sessionId = await eventually(async () => store.getState().conversation.sessionId)
        const other = new ConversationStore({ ...settings, sessionId })
        await other.open()
        return shownBy(other)
      },
    }
  },
}
