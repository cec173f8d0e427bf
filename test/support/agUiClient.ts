/** `HttpAgent` of `@ag-ui/client` against a gateway, with all that it complains about, and the bytes that it got. */
import { HttpAgent } from "@ag-ui/client"
import type { Message } from "@ag-ui/core"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import type { Client } from "./chatClient.ts"

const validator = resolve(import.meta.dirname, "../../.cache/ag-ui-agents/bin/ag-ui-validate")

export class AgUiAgent extends HttpAgent {
  /** The bytes of each stream. */
  readonly streams: Array<string> = []
  readonly responses: Array<Response> = []

  constructor({ token, url }: Client, options: { readonly threadId?: string; readonly path?: string } = {}) {
    super({
      url: `${url}/api/v1/ag-ui${options.path ?? ""}`,
      headers: token === "" ? {} : { authorization: `Bearer ${token}` },
      ...(options.threadId === undefined ? {} : { threadId: options.threadId }),
    })
    this.fetch = async (url, init) => {
      const response = await fetch(url, init)
      this.responses.push(response)
      const index = this.streams.push("") - 1
      const decoder = new TextDecoder()
      const watch = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.streams[index] += decoder.decode(chunk, { stream: true })
          controller.enqueue(chunk)
        },
      })
      const { headers, status } = response
      return new Response(response.body?.pipeThrough(watch) ?? null, { headers, status })
    }
  }

  says(id: string, content: unknown): this {
    const text = typeof content === "string" ? content : JSON.stringify(content)
    this.addMessage({ id, role: "user", content: text })
    return this
  }

  /** The texts of the assistant's messages. */
  get texts(): ReadonlyArray<string> {
    return this.messages.flatMap(textOf)
  }
}

const textOf = (message: Message): ReadonlyArray<string> =>
  message.role === "assistant" && message.content !== undefined ? [message.content] : []

/** The findings of `ag-ui-validate` on the bytes of a stream, warnings included. */
export const findings = async (stream: string): Promise<ReadonlyArray<unknown>> => {
  const child = spawn(validator, ["-", "--json"], { stdio: ["pipe", "pipe", "inherit"] })
  let output = ""
  child.stdout.on("data", (data) => (output += String(data)))
  child.stdin.end(stream)
  await once(child, "close")
  const { diagnostics } = JSON.parse(output)
  return diagnostics.filter(({ severity }: { readonly severity: string }) => severity !== "info")
}
