/** `HttpAgent` of `@ag-ui/client`, as a front end uses it. */
import { type BaseEvent, EventType, HttpAgent, type Message } from "@ag-ui/client"
import { randomUUID } from "node:crypto"
import { type ClientDriver, nothingShown, type Shown, unsupported } from "./Shown.ts"

const textOf = (message: Message): string => (typeof message.content === "string" ? message.content : "")

/** The answer is in the agent's messages; steps, files and failures are only events. */
const shownBy = (messages: ReadonlyArray<Message>, events: ReadonlyArray<BaseEvent>): Shown => {
  const ofRole = (role: string) => messages.filter((message) => message.role === role)
  const named = (type: EventType) =>
    events.filter((event) => event.type === type) as ReadonlyArray<BaseEvent & Record<string, unknown>>
  const results = named(EventType.TOOL_CALL_RESULT)
  return {
    ...nothingShown(),
    text: ofRole("assistant").map(textOf).join(""),
    thinking: ofRole("reasoning").map(textOf).join(""),
    steps: named(EventType.STEP_STARTED).map(({ stepName }) => String(stepName)),
    calls: messages.flatMap((message) =>
      message.role === "assistant"
        ? (message.toolCalls ?? []).map((call) => {
            const result = results.find(({ toolCallId }) => toolCallId === call.id)
            const metadata = result?.["metadata"] as { agent2ui?: { success?: boolean } } | undefined
            const failed = result === undefined ? undefined : metadata?.agent2ui?.success !== true
            return { name: call.function.name, failed }
          })
        : [],
    ),
    files: named(EventType.CUSTOM).flatMap(({ value }) => {
      const message = value as { type?: string; data?: { filename?: string } }
      return message.type === "file" ? [message.data?.filename ?? ""] : []
    }),
    error: named(EventType.RUN_ERROR).map(({ message }) => String(message))[0],
  }
}

/** After a cut the client leaves the body, and the error of that reaches no promise of its caller. */
const quietly: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const { body } = response
  const getReader = () => {
    const reader = new ReadableStreamDefaultReader(body ?? new ReadableStream())
    const cancel = reader.cancel.bind(reader)
    return Object.assign(reader, { cancel: () => cancel().catch(() => undefined) })
  }
  if (body !== null) Object.assign(body, { getReader })
  return response
}

export const agUi: ClientDriver = {
  name: "AG-UI",
  cannot: ["resume"],
  open: ({ token, url }) => {
    const agent = new HttpAgent({
      url: `${url}/api/v1/ag-ui`,
      headers: { authorization: `Bearer ${token}` },
      threadId: randomUUID(),
      fetch: quietly,
    })
    const run = async (parameters: Parameters<HttpAgent["runAgent"]>[0]): Promise<Shown> => {
      const before = new Set(agent.messages.map(({ id }) => id))
      const events: Array<BaseEvent> = []
      const failure = await agent
        .runAgent(parameters, { onEvent: ({ event }) => void events.push(event) })
        .then(
          () => undefined,
          (error: unknown) => String(error),
        )
      const shown = shownBy(
        agent.messages.filter(({ id }) => !before.has(id)),
        events,
      )
      const questions = agent.pendingInterrupts.map(({ id, message, reason }) => ({
        id,
        message: message ?? reason,
      }))
      return { ...shown, questions, error: shown.error ?? failure }
    }
    const say = (content: string) => agent.addMessage({ id: randomUUID(), role: "user", content })
    return {
      send: (message) => {
        say(message)
        return run({ runId: randomUUID() })
      },
      answer: (interruptId, payload) =>
        run({ runId: randomUUID(), resume: [{ interruptId, status: "resolved", payload }] }),
      cancel: async (message, begun) => {
        say(message)
        const running = run({ runId: randomUUID() })
        await begun()
        agent.abortRun()
        await running
      },
      reopen: unsupported,
      join: unsupported,
    }
  },
}
