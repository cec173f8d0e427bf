/** The published Python clients of OpenAI's protocol, unchanged, against a real gateway. */
import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()
const python = resolve(import.meta.dirname, "../../.cache/openai-callers/bin/python")
const script = resolve(import.meta.dirname, "../support/openai-callers/caller.py")

interface Call {
  readonly content: string
  readonly stream?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

interface Result {
  readonly text: string
  readonly reasoning: string
  readonly finish: string | null
  readonly tokens: number | null
  readonly error: {
    readonly classes: ReadonlyArray<string>
    readonly code: unknown
    readonly text: string
  } | null
}

/** All calls in one process, because the clients take seconds to load. */
const call = (
  client: string,
  calls: ReadonlyArray<Call>,
  { model = `agent:${defaultAgent}`, key = world.client.token } = {},
): Promise<ReadonlyArray<Result>> =>
  new Promise((done, failed) => {
    const args = [script, client, `${world.gateway.url}/v1`, key, model]
    const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], LITELLM_LOCAL_MODEL_COST_MAP: "True" }
    const child = execFile(python, args, { timeout: 100_000, env }, (error, stdout, stderr) => {
      if (error !== null) return failed(new Error(stderr, { cause: error }))
      const lines = stdout.split("\n").filter((line) => line.startsWith("{"))
      done(lines.map((line): Result => JSON.parse(line)))
    })
    child.stdin?.end(calls.map((one) => `${JSON.stringify(one)}\n`).join(""))
  })

const spoken = JSON.stringify({ scenario: "echo", message: "hé" })
const all = JSON.stringify({ scenario: "all" })
const half = JSON.stringify({ scenario: "cut", after: "text", n: 3 })
const called = JSON.stringify({ scenario: "cut", after: "tool_call", n: 2 })
const both = (content: string) => [{ content }, { content, stream: true }]

describe.skipIf(!present(python, "scripts/setup-tests"))("a Python client", { timeout: 120_000 }, () => {
  it.each(["openai", "litellm"])("%s: reads whole and streamed answers", async (client) => {
    const results = await call(client, [...both(spoken), ...both(all)])
    expect(results).toHaveLength(4)
    for (const { error, finish, tokens } of results) {
      expect([error, finish]).toEqual([null, "stop"])
      expect(tokens).toBeGreaterThan(0)
    }
    for (const { reasoning, text } of results.slice(0, 2))
      expect([text, reasoning]).toEqual(["You said: hé", "Réflexion…"])
    for (const { text } of results.slice(2)) expect(text).toMatch(/\u2028 line\nend\. [^]*\[report\.csv\]/)
  })

  it.each(["openai", "litellm"])("%s: sees a failure, and no broken answer that was held", async (client) => {
    const held = { "x-crossfade-hold": "true" }
    const calls = [
      { content: called },
      { content: called, stream: true },
      { content: half, stream: true },
      { content: half, stream: true, headers: held },
    ]
    const [whole, streamed, retracted, hidden] = await call(client, calls)
    expect(whole?.error?.classes).toContain("APIError")
    expect(streamed?.error?.classes).toContain("APIError")
    expect(streamed?.text).toBe("idée 0 idée 1 ")
    expect(retracted?.error?.text).toContain("started again")
    expect(hidden).toMatchObject({ text: "direct answer", error: null })
  })

  it.each(["openai", "litellm"])("%s: raises the class of a refusal", async (client) => {
    const [unknownKey] = await call(client, [{ content: spoken }], { key: "sk-unknown" })
    expect(unknownKey?.error?.classes).toContain("AuthenticationError")
    const [unknownModel] = await call(client, [{ content: spoken }], { model: "gpt-4o" })
    expect(unknownModel?.error?.classes).toContain("NotFoundError")
  })
})
