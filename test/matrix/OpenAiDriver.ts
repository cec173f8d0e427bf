/** The official `openai` client. It is stateless, so the driver keeps the conversation, as an application does. */
import OpenAI from "openai"
import type { ChatCompletionMessageParam } from "openai/resources"
import { type ClientDriver, nothingShown, type Shown, unsupported } from "./Shown.ts"
import { defaultAgent } from "../support/chatClient.ts"

type Delta = { readonly content?: string | null; readonly reasoning_content?: string }

export const openAi: ClientDriver = {
  name: "OpenAI",
  cannot: ["steps", "calls", "files", "questions", "retract", "resume"],
  open: ({ token, url }) => {
    const client = new OpenAI({ apiKey: token, baseURL: `${url}/v1`, maxRetries: 0 })
    const messages: Array<ChatCompletionMessageParam> = []
    const stream = (signal?: AbortSignal) =>
      client.chat.completions.create(
        { model: `agent:${defaultAgent}`, messages, stream: true },
        signal === undefined ? {} : { signal },
      )
    const read = async (): Promise<Shown> => {
      const shown = nothingShown()
      try {
        for await (const { choices } of await stream()) {
          const delta: Delta = choices[0]?.delta ?? {}
          shown.text += delta.content ?? ""
          shown.thinking += delta.reasoning_content ?? ""
        }
      } catch (error) {
        shown.error = String(error)
      }
      messages.push({ role: "assistant", content: shown.text })
      return shown
    }
    return {
      send: (content) => {
        messages.push({ role: "user", content })
        return read()
      },
      answer: unsupported,
      cancel: async (content, begun) => {
        messages.push({ role: "user", content })
        const abort = new AbortController()
        const running = stream(abort.signal).then(async (chunks) => {
          for await (const _ of chunks);
        })
        await begun()
        abort.abort()
        await running.catch(() => undefined)
      },
      reopen: unsupported,
      join: unsupported,
    }
  },
}
