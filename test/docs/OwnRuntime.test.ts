/** The runtime of the page `own-runtime`, behind a gateway. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Client, eventually, ofType, tokenFor } from "../support/chatClient.ts"
import { type Running, start, startGateway, temporaryFolder } from "../support/processes.ts"
import { blocksOf, expectInOrder, run } from "./page.ts"

const code = blocksOf("own-runtime", "python").join("\n")

/** An agent that answers until it is stopped. */
const endless = `
def answer(request):
    try:
        while True:
            yield "text_chunk", {"content": "more "}
            threading.Event().wait(0.02)
    finally:
        print("stopped", flush=True)


class Handler`

const endlessCode = code
  .replace("import sys\n", "import sys\nimport threading\n")
  .replace("class Handler", endless)

const withRuntime = async (source: string, use: (runtime: Running, folder: string) => Promise<void>) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, "runtime.py"), source)
  const env = { PATH: process.env["PATH"] }
  const address = (line: string) => /^http:\S+$/.exec(line)?.[0]
  const runtime = await start("python3", ["runtime.py", "0"], env, address, 20_000, folder.path)
  try {
    await use(runtime, folder.path)
  } finally {
    await runtime.stop("SIGKILL")
    folder.dispose()
  }
}

const withGateway = (
  source: string,
  use: (gateway: Running, runtime: Running, folder: string) => Promise<void>,
) =>
  withRuntime(source, async (runtime, folder) => {
    const gateway = await startGateway({
      DATA_DIR: folder,
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      CHAT_RUNTIME_PROBES: "false",
    })
    try {
      await use(gateway, runtime, folder)
    } finally {
      await gateway.stop("SIGKILL")
    }
  })

describe("the runtime of the page own-runtime", { timeout: 60_000 }, () => {
  it("is healthy and answers", () =>
    withGateway(code, async ({ url }, _, folder) => {
      expectInOrder(await run("own-runtime", "sh", { url, folder }), [
        '"runtime":{"status":"healthy"}',
        '"content":"You said"',
        '"executionMode":"runtime_orchestrator"',
      ])
    }))

  it("stops its agent when a run is cancelled", () =>
    withGateway(endlessCode, async ({ url }, runtime) => {
      const client = new Client(url, await tokenFor())
      const stream = await client.start("Hello")
      await stream.until((frame) => ofType([frame], "text").length > 0)
      expect(runtime.output()).not.toContain("stopped")
      await client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
      expect((await stream.rest()).at(-1)).toMatchObject({
        event: "error",
        data: { code: "EXECUTION_CANCELLED" },
      })
      await eventually(async () => runtime.output().includes("stopped"), 20)
    }))

  it("ends a cancelled stream with EXECUTION_CANCELLED", () =>
    withRuntime(endlessCode, async ({ url }) => {
      const ask = (path: string) =>
        fetch(`${url}/api/v1/execute${path}`, {
          method: "POST",
          body: JSON.stringify({ session_id: "s", user_message: "Hello", metadata: {} }),
        })
      const answer = await ask("/stream")
      expect(await (await ask("/cancel")).json()).toEqual({ cancelled: true, session_id: "s" })
      expect(await answer.text()).toMatch(/"execution_error", "data": \{"code": "EXECUTION_CANCELLED".*\n\n$/)
    }))

  it("answers a probe without its agent's text", () =>
    withRuntime(code, async ({ url }) => {
      const answer = await fetch(`${url}/api/v1/execute/stream`, {
        method: "POST",
        body: JSON.stringify({ session_id: "p", user_message: "ping", metadata: { probe: true } }),
      })
      expect(await answer.text()).toMatch(/"execution_complete", "data": \{"final_response": "pong"\}\}\n\n$/)
    }))
})
