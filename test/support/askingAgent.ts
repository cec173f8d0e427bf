/** A runtime that speaks AG-UI. Its first turn ends with questions to the user; the turn with the answers says `answer`. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

interface Input {
  readonly threadId: string
  readonly runId: string
  readonly resume?: ReadonlyArray<{ readonly payload?: unknown }>
}

interface Asking {
  readonly questions: ReadonlyArray<object>
  readonly answer: string
}

const eventsFor = (
  { resume, runId, threadId }: Input,
  { answer, questions }: Asking,
): ReadonlyArray<object> => {
  const place = { threadId, runId }
  if (resume === undefined)
    return [
      { type: "RUN_STARTED", ...place },
      { type: "RUN_FINISHED", ...place, outcome: { type: "interrupt", interrupts: questions } },
    ]
  return [
    { type: "RUN_STARTED", ...place },
    { type: "TEXT_MESSAGE_START", messageId: "m", role: "assistant" },
    { type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: answer },
    { type: "TEXT_MESSAGE_END", messageId: "m" },
    { type: "RUN_FINISHED", ...place },
  ]
}

export const startAskingAgent = async (asking: Asking) => {
  const asked: Array<Input> = []
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8").on("data", (data: string) => (text += data))
    request.on("end", () => {
      const input: Input = JSON.parse(text)
      asked.push(input)
      response.writeHead(200, { "content-type": "text/event-stream" })
      for (const event of eventsFor(input, asking)) response.write(`data: ${JSON.stringify(event)}\n\n`)
      response.end()
    })
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  return {
    asked,
    /** Variables of a gateway that sends its turns here. */
    env: {
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      CHAT_RUNTIME_PROBES: "false",
      RUNTIME_PROTOCOL: "ag-ui",
      RUNTIME_SERVICE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/agent`,
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
