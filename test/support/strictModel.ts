/**
 * An OpenAI-compatible model that refuses everything that the strictest real ones refuse: roles that do not alternate
 * from a user's message on, blank texts, invalid Unicode, more tokens than its context has. It answers accepted
 * requests as the test defines.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { PromptMessage } from "../../src/domain/History.ts"

/** The reason for its refusal; undefined if it would answer. */
export const refusalOf = (history: ReadonlyArray<PromptMessage>): string | undefined => {
  if (history.length === 0 || history.length > 20) return `${history.length} messages`
  if (history.at(-1)?.role !== "user") return "the last message is not the user's"
  for (const [index, { content, role }] of history.entries()) {
    if (role !== (index % 2 === 0 ? "user" : "assistant")) return "roles do not alternate from the user on"
    if (content.trim() === "") return "a blank text"
    if (!content.isWellFormed()) return "no Unicode"
    if (content.includes("<think>") && role === "assistant") return "a thought"
  }
  return undefined
}

export type StrictAnswer = string | { readonly status: number } | { readonly cutAfter: string }

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const failure = (code: string, message: string) =>
  JSON.stringify({ error: { message, type: "invalid_request_error", param: "messages", code } })

export const startStrictModel = async () => {
  /** The messages of each answered request, without the system's. */
  const accepted: Array<ReadonlyArray<PromptMessage>> = []
  const refused: Array<string> = []
  const answers: Array<StrictAnswer> = []
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => (body += text))
    request.on("end", () => {
      const { messages } = JSON.parse(body) as {
        messages: ReadonlyArray<PromptMessage | { role: "system"; content: string }>
      }
      const history = messages.flatMap((message) => (message.role === "system" ? [] : [message]))
      const refusal = refusalOf(history)
      if (refusal !== undefined) {
        refused.push(refusal)
        response.writeHead(400, { "content-type": "application/json" })
        return response.end(failure("invalid_value", refusal))
      }
      accepted.push(history)
      const answer = answers.shift() ?? "Yes."
      if (typeof answer === "object" && "status" in answer) {
        response.writeHead(answer.status, { "content-type": "application/json" })
        return response.end(failure("server_error", "told to fail"))
      }
      response.writeHead(200, { "content-type": "text/event-stream" })
      if (typeof answer === "object")
        return response.write(chunk({ content: answer.cutAfter }), () => response.destroy())
      response.write(chunk({ role: "assistant", content: answer }))
      return response.end(`${chunk({}, "stop")}data: [DONE]\n\n`)
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    accepted,
    refused,
    answers,
    stop,
  }
}
