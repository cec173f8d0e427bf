/** The AI SDK's own client (`Chat` of `@ai-sdk/react` with `DefaultChatTransport`) against a real gateway. */
import { Chat } from "@ai-sdk/react"
import { DefaultChatTransport, type UIMessage } from "ai"
import type { World } from "../support/world.ts"

export interface Options {
  readonly id?: string
  readonly url?: string
  readonly token?: string
  readonly messages?: ReadonlyArray<UIMessage>
}

export const scenario = (fields: object) => JSON.stringify(fields)
export const echo = (message: string) => scenario({ scenario: "echo", message })

export const textOf = (message: UIMessage | undefined): string =>
  message?.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("|") ?? ""

export const sessionOf = (chat: Chat<UIMessage>): string => {
  const metadata = chat.messages.findLast(({ role }) => role === "assistant")?.metadata
  return (metadata as { readonly sessionId: string }).sessionId
}

let chats = 0

/** Opens chats at the world's gateway, and reads what it stored of them. */
export const chatsOf = (world: World) => {
  const open = ({ id = `chat-${process.pid}-${(chats += 1)}`, messages = [], token, url }: Options = {}) => {
    const data: Array<{ readonly type: string; readonly data: unknown }> = []
    const finishes: Array<{
      readonly isAbort: boolean
      readonly isError: boolean
      readonly reason: unknown
    }> = []
    const chat = new Chat<UIMessage>({
      id,
      messages: [...messages],
      transport: new DefaultChatTransport({
        api: `${url ?? world.gateway.url}/api/v1/ai-sdk/chat`,
        headers: { authorization: `Bearer ${token ?? world.client.token}` },
      }),
      onData: (part) => void data.push(part),
      onFinish: ({ finishReason, isAbort, isError }) =>
        void finishes.push({ isAbort, isError, reason: finishReason }),
    })
    return { chat, data, finishes, id }
  }

  /** The stored messages of a session, each with the text of its parent. */
  const stored = async (chat: Chat<UIMessage>) => {
    const messages = await world.messages(sessionOf(chat))
    return messages.map(({ content, parentMessageId, role }) => ({
      role,
      content,
      parent: messages.find(({ id }) => id === parentMessageId)?.content ?? null,
    }))
  }

  return { open, stored }
}
