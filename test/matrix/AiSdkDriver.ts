/** The `Chat` of `@ai-sdk/react`, which `useChat` renders, with the transport that it uses by default. */
import { Chat } from "@ai-sdk/react"
import { DefaultChatTransport, isToolUIPart, getToolName, type UIMessage } from "ai"
import { randomUUID } from "node:crypto"
import { type ClientDriver, nothingShown, type Shown } from "./Shown.ts"

interface Plan {
  readonly steps: ReadonlyArray<{ readonly title: string }>
}

/** The protocol has no field for the name, so it stands in the gateway's metadata. */
const filenameOf = (metadata: Readonly<Record<string, unknown>> | undefined): string =>
  (metadata?.["crossfade"] as { filename?: string } | undefined)?.filename ?? ""

const shownBy = (message: UIMessage | undefined, error: Error | undefined): Shown => {
  const parts = message?.role === "assistant" ? message.parts : []
  const texts = (type: "text" | "reasoning") =>
    parts.map((part) => (part.type === type ? part.text : "")).join("")
  return {
    ...nothingShown(),
    text: texts("text"),
    thinking: texts("reasoning"),
    steps: parts.flatMap((part) =>
      part.type === "data-plan"
        ? (part as unknown as { data: Plan }).data.steps.map(({ title }) => title)
        : [],
    ),
    calls: parts.filter(isToolUIPart).map((part) => ({
      name: getToolName(part),
      failed: part.state === "output-error" ? true : part.state === "output-available" ? false : undefined,
    })),
    files: parts.flatMap((part) => (part.type === "file" ? [filenameOf(part.providerMetadata)] : [])),
    questions: parts.flatMap((part) =>
      isToolUIPart(part) && part.state === "approval-requested"
        ? [{ id: part.approval.id, message: getToolName(part) }]
        : [],
    ),
    error: error?.message,
  }
}

export const aiSdk: ClientDriver = {
  name: "AI SDK",
  cannot: [],
  open: ({ token, url }) => {
    const headers = { authorization: `Bearer ${token}` }
    const api = `${url}/api/v1/ai-sdk/chat`
    const transport = new DefaultChatTransport<UIMessage>({ api, headers })
    const chat = new Chat<UIMessage>({ id: randomUUID(), transport })
    const shown = (by = chat) => shownBy(by.lastMessage, by.error)
    return {
      send: async (text) => {
        await chat.sendMessage({ text })
        return shown()
      },
      answer: async (id, payload) => {
        const approved = (payload as { approved?: boolean }).approved === true
        await chat.addToolApprovalResponse({ id, approved })
        await chat.sendMessage()
        return shown()
      },
      cancel: async (text, begun) => {
        const running = chat.sendMessage({ text })
        await begun()
        // `stop` only closes the connection, because the client may resume.
        await fetch(`${api}/${chat.id}/stop`, { method: "POST", headers })
        await chat.stop()
        await running
      },
      reopen: async () => {
        await chat.resumeStream()
        return shown()
      },
      join: async () => {
        const messages = chat.messages.filter(({ role }) => role === "user")
        const other = new Chat<UIMessage>({ id: chat.id, messages, transport })
        await other.resumeStream()
        return shown(other)
      },
    }
  },
}
