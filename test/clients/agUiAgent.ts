/**
 * An AG-UI agent that asks for the approval of a call, with the events of Pydantic AI's adapter. After the answer it runs the
 * call or leaves it. A message with "question" asks a question without a call.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever was sent
type Asked = any

const call = [
  { type: "TOOL_CALL_START", toolCallId: "tc-del", toolCallName: "delete_file" },
  { type: "TOOL_CALL_ARGS", toolCallId: "tc-del", delta: '{"path": "/x"}' },
  { type: "TOOL_CALL_END", toolCallId: "tc-del" },
]

const approval = {
  id: "int-tc-del",
  reason: "tool_call",
  message: "Delete /x?",
  toolCallId: "tc-del",
  responseSchema: {
    type: "object",
    properties: { approved: { type: "boolean" }, reason: { type: "string" } },
    required: ["approved"],
  },
}
const question = { id: "int-q", reason: "input", message: "Which file?" }

const text = (delta: string) => [
  { type: "TEXT_MESSAGE_START", messageId: "m1", role: "assistant" },
  { type: "TEXT_MESSAGE_CONTENT", messageId: "m1", delta },
  { type: "TEXT_MESSAGE_END", messageId: "m1" },
]

const stops = (interrupt: object) => ({ type: "interrupt", interrupts: [interrupt] })

const eventsFor = ({ messages, resume }: Asked): ReadonlyArray<object> => {
  const ended = (outcome: object) => ({ type: "RUN_FINISHED", threadId: "t", runId: "r", outcome })
  const [answer] = resume ?? []
  if (answer !== undefined) {
    const approved = answer.payload?.approved === true
    const result = { type: "TOOL_CALL_RESULT", messageId: "m2", toolCallId: "tc-del", content: "deleted" }
    return [
      ...(approved ? [result] : []),
      ...text(JSON.stringify(answer.payload)),
      ended({ type: "success" }),
    ]
  }
  const last = JSON.stringify(messages.at(-1))
  if (last.includes("question")) return [...text("Hm. "), ended(stops(question))]
  if (last.includes("delete")) return [...call, ended(stops(approval))]
  return [...text("Hello."), ended({ type: "success" })]
}

export const startAgent = async () => {
  const asked: Array<Asked> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (data) => (body += data))
    request.on("end", () => {
      const input: Asked = JSON.parse(body)
      asked.push(input)
      response.writeHead(200, { "content-type": "text/event-stream" })
      for (const event of [{ type: "RUN_STARTED", threadId: "t", runId: "r" }, ...eventsFor(input)])
        response.write(`data: ${JSON.stringify(event)}\n\n`)
      response.end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop }
}
