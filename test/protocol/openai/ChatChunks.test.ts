import { assert, describe, it } from "@effect/vitest"
import type { RunDone, RunError } from "../../../src/domain/Run.ts"
import { type Draft, draft } from "../../../src/protocol/agent2ui/Message.ts"
import { chatChunks, type ChunkOptions } from "../../../src/protocol/openai/ChatChunks.ts"
import type { LogEntry } from "../../../src/runs/RunEvent.ts"
import { RunLog } from "../../../src/runs/RunLog.ts"
import {
  assistantMessageId,
  noon,
  planStep,
  run,
  runId,
  sessionId,
  text,
  thinking,
  toolCall,
} from "../../support/fixtures.ts"

const done: RunDone = {
  sessionId,
  messageId: assistantMessageId,
  runId,
  usage: { tokens: 7, inputTokens: 5, outputTokens: 2, latencyMs: 1 },
  executionMode: "direct_llm",
  finishReason: "length",
  model: "m-1",
}
const failed: RunError = { code: "UPSTREAM_FAILED", message: "It failed.", runId, recoverable: true }
const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId, fromSeq, toSeq, reason: "It failed." },
})
const interrupt: Draft = {
  type: "interrupt",
  data: { interruptId: "i", reason: "tool_call", message: "Delete it?" },
}

const entriesOf = (drafts: ReadonlyArray<Draft>, end: RunDone | RunError = done): ReadonlyArray<LogEntry> => {
  const log = new RunLog(runId)
  log.messages(drafts.map(draft), noon)
  log.end("usage" in end ? { event: "done", data: end } : { event: "error", data: end })
  return log.read(0)
}

const plain: ChunkOptions = { model: "agent:a", includeUsage: false, hold: false }
const usual: ReadonlyArray<Draft> = [
  thinking("Hm."),
  text("a\u2028b"),
  planStep("s1"),
  toolCall("c1"),
  text("é😀\n"),
]

const encoded = (
  entries: ReadonlyArray<LogEntry>,
  options: Partial<ChunkOptions> = {},
  size = 100,
): string => {
  const encoder = chatChunks({ ...plain, ...options }).encoder(run())
  let out = encoder.opening(0)
  for (let at = 0; at < entries.length; at += size) out += encoder.frames(entries.slice(at, at + size))
  assert.isTrue(encoder.ended)
  return out
}

/** The data of the events, as a client parses them. */
// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
const dataOf = (bytes: string): ReadonlyArray<any> =>
  bytes
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice("data: ".length))
    .map((data) => (data === "[DONE]" ? data : JSON.parse(data)))

const deltasOf = (bytes: string) => dataOf(bytes).flatMap((data) => data.choices?.[0]?.delta ?? [])
const contentOf = (bytes: string): string =>
  deltasOf(bytes)
    .map(({ content = "" }) => content)
    .join("")

describe("a stream of chunks", () => {
  it("opens with a comment and keeps the connection with comments", () => {
    const encoder = chatChunks(plain).encoder(run())
    assert.deepStrictEqual(dataOf(encoder.opening(0) + encoder.heartbeat(0)), [])
    assert.isTrue(encoder.opening(0).startsWith(":"))
    assert.strictEqual(encoder.frames([]), "")
  })

  it("carries text, reasoning and the end, and no calls", () => {
    const out = encoded(entriesOf(usual))
    assert.deepStrictEqual(deltasOf(out), [
      { role: "assistant", reasoning_content: "Hm." },
      { content: "a\u2028b" },
      { content: "é😀\n" },
      {},
    ])
    const data = dataOf(out)
    assert.deepStrictEqual(data.at(-1), "[DONE]")
    assert.deepInclude(data.at(-2), { id: `chatcmpl-${runId}`, model: "m-1", created: noon / 1000 })
    assert.strictEqual(data.at(-2).choices[0].finish_reason, "length")
    assert.strictEqual(data[0].model, "agent:a")
    assert.notInclude(out, "\u2028")
  })

  it("writes the same bytes in one write and in one write per event", () => {
    for (const hold of [true, false])
      for (const size of [1, 2, 3])
        assert.strictEqual(encoded(entriesOf(usual), { hold }, size), encoded(entriesOf(usual), { hold }))
  })

  it("sends the usage in a chunk of its own, only if the client asks for it", () => {
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
    const data = dataOf(encoded(entriesOf(usual), { includeUsage: true }))
    assert.deepInclude(data.at(-2), { choices: [], usage })
    assert.isTrue(data.slice(0, -2).every((chunk) => chunk.usage === null))
    assert.notInclude(encoded(entriesOf(usual)), "usage")
  })

  it("ends with an error object and without [DONE] when the run fails", () => {
    for (const hold of [true, false]) {
      const out = encoded(entriesOf(usual, failed), { hold })
      const error = { message: "It failed.", type: "server_error", param: null, code: "UPSTREAM_FAILED" }
      assert.deepStrictEqual(dataOf(out).at(-1), { error })
      assert.notInclude(out, "[DONE]")
    }
  })

  it("ends with an error where shown text is taken back, and writes nothing after it", () => {
    const out = encoded(entriesOf([text("wrong"), retract(1, 1), text("right")]))
    assert.strictEqual(contentOf(out), "wrong")
    assert.strictEqual(dataOf(out).at(-1).error.code, "ANSWER_RETRACTED")
  })

  it("passes over a retract of text that no client has seen", () => {
    const out = encoded(entriesOf([text(""), retract(1, 1), text("right")]))
    assert.strictEqual(contentOf(out), "right")
    assert.strictEqual(dataOf(out).at(-1), "[DONE]")
  })

  it("ends with an error where the agent asks, because no answer could come back", () => {
    for (const hold of [true, false]) {
      const asks = entriesOf([text("One moment."), interrupt], { ...done, finishReason: "interrupt" })
      const { code, message } = dataOf(encoded(asks, { hold })).at(-1).error
      assert.strictEqual(code, "INTERRUPT")
      assert.include(message, "Delete it?")
    }
  })

  it("ends with the reason when the stream must end before its run", () => {
    const encoder = chatChunks(plain).encoder(run())
    const closing = encoder.closing({ code: "AUTH_TOKEN_EXPIRED", message: "Too late." }, 0)
    assert.deepInclude(dataOf(closing)[0].error, { code: "AUTH_TOKEN_EXPIRED", type: "authentication_error" })
    assert.isTrue(encoder.ended)
  })
})

describe("a held stream", () => {
  it("writes nothing before the end, and then only the text that was not taken back", () => {
    const entries = entriesOf([text("wrong"), retract(1, 1), thinking("Hm."), text("ri"), text("ght")])
    const encoder = chatChunks({ ...plain, hold: true }).encoder(run())
    assert.strictEqual(encoder.frames(entries.slice(0, -1)), "")
    assert.isFalse(encoder.ended)
    assert.deepStrictEqual(deltasOf(encoder.frames(entries.slice(-1))), [
      { role: "assistant", reasoning_content: "Hm." },
      { content: "right" },
      {},
    ])
  })
})

describe("parts that are not text", () => {
  const shown = (part: Draft) => contentOf(encoded(entriesOf([part]))).trim()

  it("become links that a name cannot break", () => {
    const file = { url: "/a b(1).csv", filename: "a]b\n.csv", mimeType: "text/csv" }
    assert.strictEqual(shown({ type: "file", data: file }), "[a\\]b .csv](/a%20b%281%29.csv)")
    const image = { url: "https://e.org/a", alt: "A" }
    assert.strictEqual(shown({ type: "image", data: image }), "![A](https://e.org/a)")
  })

  it("become tables whose cells stay on their line", () => {
    const columns = ["a", "b"].map((key) => ({ key, title: key.toUpperCase() }))
    const rows = [{ a: "x|y\nz", b: 1 }, { a: null }]
    assert.strictEqual(
      shown({ type: "table", data: { columns, rows } }),
      "| A | B |\n| --- | --- |\n| x\\|y z | 1 |\n| null |  |",
    )
    assert.strictEqual(shown({ type: "table", data: { columns: [], rows: [] } }), "[table]")
  })

  it("become code blocks, reports with their parts, and a mark for a chart", () => {
    assert.strictEqual(shown({ type: "code", data: { language: "ts", code: "let x" } }), "```ts\nlet x\n```")
    const nested = { language: "md", code: "```ts\nlet x\n```" }
    assert.strictEqual(shown({ type: "code", data: nested }), "````md\n```ts\nlet x\n```\n````")
    const content = [{ id: "1", type: "text", data: { content: "Good." }, timestamp: "" }] as const
    const report = { title: "T", sections: [{ heading: "H", content }], summary: "S" }
    assert.strictEqual(shown({ type: "report", data: report }), "## T\n\n### H\n\nGood.\n\nS")
    const chart = { chartType: "bar", title: "C", series: [] } as const
    assert.strictEqual(shown({ type: "chart", data: chart }), "[chart: C]")
  })
})
