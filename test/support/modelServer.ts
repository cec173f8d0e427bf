/** An OpenAI-compatible model on loopback. A test prepares its next answers, and reads its requests. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export type Answer =
  /** Begins after `afterMs` and ends once `until` resolves, if they are given. */
  | {
      readonly kind: "text"
      readonly parts: ReadonlyArray<string>
      readonly usage?: boolean
      readonly until?: Promise<void>
      readonly afterMs?: number
    }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /**
   * Sends `parts`, then breaks: cut (the socket is destroyed), error (an in-band error, followed by more text), hang.
   */
  | { readonly kind: "cut" | "error" | "hang"; readonly parts: ReadonlyArray<string> }
  /** Sends these events unchanged; then the connection stays open, or is reset. */
  | { readonly kind: "raw"; readonly events: ReadonlyArray<object | string>; readonly end: "open" | "reset" }
  /**
   * Sends the same part repeatedly, as fast as the client reads. With `count` the answer is complete after this
   * number.
   */
  | { readonly kind: "flood"; readonly part: string; readonly count?: number }

interface Asked {
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever was sent
  readonly body: any
  readonly headers: IncomingMessage["headers"]
  closed: boolean
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const usage = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [], usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 } })}\n\n`

const finish = (response: ServerResponse, withUsage = true): void => {
  response.write(chunk({}, "stop"))
  if (withUsage) response.write(usage)
  response.end("data: [DONE]\n\n")
}

const flood = (part: string, count: number, response: ServerResponse): void => {
  const data = chunk({ content: part })
  let left = count
  const write = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1
      if (!response.write(data)) break
    }
    if (response.destroyed) return
    if (left > 0) response.once("drain", write)
    else finish(response)
  }
  write()
}

const play = (answer: Answer, response: ServerResponse): void => {
  if (answer.kind === "status") {
    const retry = answer.retryAfter === undefined ? {} : { "retry-after": answer.retryAfter }
    response.writeHead(answer.status, { "content-type": "application/json", ...retry })
    response.end(answer.body ?? JSON.stringify({ error: { message: "no", type: "x", code: "x" } }))
    return
  }
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (answer.kind === "raw") {
    for (const event of answer.events)
      response.write(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`)
    if (answer.end === "reset") setTimeout(() => response.socket?.resetAndDestroy(), 20)
    return
  }
  response.write(chunk({ role: "assistant", content: "" }))
  if (answer.kind === "flood") return flood(answer.part, answer.count ?? Infinity, response)
  for (const part of answer.parts) response.write(chunk({ content: part }))
  switch (answer.kind) {
    case "text": {
      const { usage } = answer
      if (answer.until === undefined) finish(response, usage)
      else void answer.until.then(() => finish(response, usage))
      return
    }
    case "cut":
      setTimeout(() => response.destroy(), 20)
      return
    case "error":
      response.write(
        `data: ${JSON.stringify({ error: { message: "key sk-canary-0000 is bad", type: "x" } })}\n\n`,
      )
      response.write(chunk({ content: "after the error" }))
      response.end(chunk({}, "stop"))
      return
    case "hang":
  }
}

export const startModel = async () => {
  const asked: Array<Asked> = []
  const answers: Array<Answer> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (data) => (text += data))
    request.on("end", () => {
      const entry: Asked = { body: JSON.parse(text), headers: request.headers, closed: false }
      response.on("close", () => (entry.closed = true))
      asked.push(entry)
      const answer: Answer = answers.shift() ?? { kind: "text", parts: ["direct ", "answer"] }
      setTimeout(() => play(answer, response), answer.kind === "text" ? answer.afterMs : 0)
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { url, asked, answers, stop }
}

export type Model = Awaited<ReturnType<typeof startModel>>

/** The environment that makes the gateway use it. */
export const providerEnv = (name: string, url: string) => ({
  [`DIRECT_LLM_${name.toUpperCase()}_KIND`]: "openai-compatible",
  [`DIRECT_LLM_${name.toUpperCase()}_BASE_URL`]: url,
  [`DIRECT_LLM_${name.toUpperCase()}_API_KEY`]: "sk-canary-0000",
  [`DIRECT_LLM_${name.toUpperCase()}_MODEL`]: "m",
})
