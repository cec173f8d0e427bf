/** `crossfade doctor` against servers that refuse, or that are other programs. */
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, describe, expect, it } from "vitest"
import { doctor, provider } from "./doctor.ts"

const closers: Array<() => void> = []
afterAll(() => closers.forEach((close) => close()))

const serveHttp = async (handle: RequestListener): Promise<string> => {
  const server = createServer(handle).listen(0, "127.0.0.1")
  await once(server, "listening")
  closers.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe("crossfade doctor and servers", () => {
  it("names the variable of a wrong key, and repeats neither the key nor the server's sentence", async () => {
    const url = await serveHttp((_, answer) => {
      answer.statusCode = 401
      answer.end(
        JSON.stringify({ error: { code: "invalid_api_key", message: "Incorrect key sk-canary-0001" } }),
      )
    })
    const env = { DIRECT_LLM_PROVIDERS: "main", ...provider("MAIN", url, "sk-canary-0001") }
    const found = await doctor(env)
    expect(found.of("provider main")).toMatchObject([
      {
        status: "failed",
        seen: "answered 401 invalid_api_key",
        advice: "The key is refused. Correct DIRECT_LLM_MAIN_API_KEY.",
      },
    ])
    const text = await doctor(env, { args: [] })
    expect(text.code).toBe(1)
    expect(text.output).toContain("→ The key is refused. Correct DIRECT_LLM_MAIN_API_KEY.")
    expect(found.output + text.output).not.toContain("canary")
  })

  it("warns of a model that refuses the token limit, and accepts one that takes no less than 16", async () => {
    const model = (refuses: (limit: unknown, field: string) => object | undefined) =>
      serveHttp((request, answer) => {
        let text = ""
        request.on("data", (chunk) => (text += chunk))
        request.on("end", () => {
          const body: Record<string, unknown> = text === "" ? {} : JSON.parse(text)
          const field = "max_tokens" in body ? "max_tokens" : "max_completion_tokens"
          const error = body[field] === undefined ? undefined : refuses(body[field], field)
          answer.writeHead(error === undefined ? 200 : 400, { "content-type": "text/event-stream" })
          const chunk = { choices: [{ delta: { content: "pong" }, finish_reason: "stop" }] }
          answer.end(
            error === undefined
              ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`
              : JSON.stringify({ error: { type: "invalid_request_error", ...error } }),
          )
        })
      })
    const field = await model((_, name) =>
      name === "max_tokens"
        ? {
            message:
              "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param: name,
            code: "unsupported_parameter",
          }
        : undefined,
    )
    const small = await model(() => ({
      message:
        "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
    }))
    const sixteen = await model((limit, param) =>
      Number(limit) < 16
        ? { message: `Invalid '${param}': Expected a value >= 16`, param, code: "integer_below_min_value" }
        : undefined,
    )
    const found = await doctor({
      DIRECT_LLM_PROVIDERS: "field,small,sixteen,right",
      ...provider("FIELD", field),
      ...provider("SMALL", small),
      ...provider("SIXTEEN", sixteen),
      ...provider("RIGHT", field),
      DIRECT_LLM_RIGHT_MAX_TOKENS_FIELD: "max_completion_tokens",
    })
    expect(found.of("provider field")).toMatchObject([
      { status: "warning", advice: expect.stringContaining("DIRECT_LLM_FIELD_MAX_TOKENS_FIELD") },
    ])
    expect(found.of("provider field")[0]?.seen).toContain("400 unsupported_parameter")
    expect(found.statusOf("provider small")).toEqual(["warning"])
    expect(found.statusOf("provider sixteen")).toEqual(["ok"])
    expect(found.statusOf("provider right")).toEqual(["ok"])
    expect(found.output).not.toContain("Could not finish")
  })

  it("tells a server that is not Crossfade, and a clock that is wrong", async () => {
    const url = await serveHttp((_, answer) => {
      answer.setHeader("date", "Mon, 01 Jan 2024 00:00:00 GMT")
      answer.end("<html>hello</html>")
    })
    const found = await doctor({ PORT: new URL(url).port, RUNTIME_SERVICE_URL: url })
    expect(found.of("port PORT")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining("another program"),
    })
    expect(found.statusOf("runtime")).toEqual(["failed"])
    expect(found.statusOf("runtime health")).toEqual(["failed"])
    expect(found.of("clock of runtime")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringMatching(/days behind/),
    })
  })
})
