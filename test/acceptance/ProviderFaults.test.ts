/**
 * Sixteen faults of a provider, as in public failover benches, through the native API of a real gateway. Each runs
 * with a second provider behind the first and with the first alone. A client that applies `retract` and `fallback`
 * ends with a whole answer or with one clear error; a partial answer never counts as a whole one.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Client, type Frame, ofType, textOf, tokenFor } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { inTurn, startWireServer, type WireServer } from "../wires/WireServer.ts"
import type { Answer } from "../wires/WireCase.ts"
import { openAiCompatible as wire } from "../wires/Wires.ts"

const tokens = Array.from({ length: 60 }, (_, at) => `token${at} `)
const whole = tokens.join("")
const some = (count: number) => [wire.opening, ...tokens.slice(0, count).map(wire.text)]
const good: Answer = { body: [...some(60), wire.finish("stop"), wire.end] }
const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: [wire.refusal(code)],
})

/** `alone` is the code of the error, or undefined if the provider itself ends with the whole answer. */
interface Fault {
  readonly name: string
  readonly answers: ReadonlyArray<Answer>
  readonly alone: string | undefined
  /** Requests to the first provider. */
  readonly asked: number
  /** A second provider must get no request. */
  readonly final?: true
}

const firstContentMs = 1500
/** Longer than the wait for an end after a finish reason. */
const stallMs = 2500

const faults: ReadonlyArray<Fault> = [
  {
    name: "429 once with Retry-After",
    answers: [refusal(429, "rate_limit_exceeded", { "retry-after": "1" }), good],
    alone: undefined,
    asked: 2,
  },
  {
    name: "429 for ever",
    answers: [refusal(429, "rate_limit_exceeded")],
    alone: "UPSTREAM_RATE_LIMITED",
    asked: 2,
  },
  { name: "500 once", answers: [refusal(500, "server_error"), good], alone: undefined, asked: 2 },
  { name: "503 for ever", answers: [refusal(503, "x")], alone: "UPSTREAM_UNAVAILABLE", asked: 2 },
  { name: "reset", answers: [{ body: [20], afterwards: "reset" }], alone: "UPSTREAM_TRUNCATED", asked: 1 },
  { name: "silence", answers: [{ body: [], afterwards: "hold" }], alone: "TIMEOUT_TOTAL", asked: 1 },
  {
    name: "cut after 40 of 60 tokens",
    answers: [{ body: some(40) }],
    alone: "UPSTREAM_TRUNCATED",
    asked: 1,
  },
  { name: "stall", answers: [{ body: some(40), afterwards: "hold" }], alone: "TIMEOUT_STALL", asked: 1 },
  {
    name: "malformed event",
    answers: [{ body: [...some(40), "data: {not json\n\n", wire.finish("stop"), wire.end] }],
    alone: "UPSTREAM_GARBLED",
    asked: 1,
  },
  {
    name: "no [DONE]",
    answers: [{ body: [...some(60), wire.finish("stop")], afterwards: "hold" }],
    alone: undefined,
    asked: 1,
  },
  {
    name: "context length",
    answers: [refusal(400, "context_length_exceeded")],
    alone: "CONTEXT_TOO_LONG",
    asked: 1,
  },
  {
    name: "content filter",
    answers: [{ body: [...some(40), wire.finish("content_filter"), wire.end] }],
    alone: "CONTENT_FILTERED",
    asked: 1,
    final: true,
  },
]

/** The answer that a reader shows at the end: texts in order, without those that a `retract` names. */
const shown = (frames: ReadonlyArray<Frame>): string => {
  const retracts = ofType(frames, "retract").map(({ data }) => data.data)
  const kept = frames.filter(
    ({ seq = 0 }) => !retracts.some(({ fromSeq, toSeq }) => seq >= fromSeq && seq <= toSeq),
  )
  return textOf(kept)
}

/** The end of a stream, and its reader's text after a success. */
const ended = (frames: ReadonlyArray<Frame>) => {
  const ends = frames.filter(({ event }) => event === "done" || event === "error")
  const last = frames.at(-1)
  const isDone = last?.event === "done"
  return {
    ends: ends.length,
    end: isDone ? "done" : last?.data.code,
    ...(isDone ? { finishReason: last.data.finishReason, text: shown(frames) } : {}),
  }
}

/** The whole answer, or the one error. */
const endOf = (code: string | undefined) =>
  code === undefined ? { ends: 1, end: "done", finishReason: "stop", text: whole } : { ends: 1, end: code }

const folder = temporaryFolder()
let answerOf: (request: number) => Answer | undefined = () => good
let first: WireServer
let second: WireServer
let gateway: Running | undefined
let client: Client

beforeAll(async () => {
  first = await startWireServer(wire, (request) => answerOf(request))
  second = await startWireServer(wire, () => good)
})
beforeEach(() => {
  first.asked.length = 0
  second.asked.length = 0
})
afterEach(() => gateway?.stop("SIGKILL"))
afterAll(async () => {
  await first.stop()
  await second.stop()
  folder.dispose()
})

/** A gateway per test: one fault's effect on the breakers must not change the next test. */
const use = async (answers: (request: number) => Answer | undefined, withSecond: boolean) => {
  answerOf = answers
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "direct_llm",
    CHAT_FIRST_CONTENT_TIMEOUT_MS: String(firstContentMs),
    CHAT_STALL_TIMEOUT_MS: String(stallMs),
    CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "6000",
    DIRECT_LLM_PROVIDERS: withSecond ? "first,second" : "first",
    ...providerEnv("first", first.url),
    ...(withSecond ? providerEnv("second", second.url) : {}),
  })
  client = new Client(gateway.url, await tokenFor())
}

const ask = async (message = "Count to sixty.") => (await client.start(message)).rest()

const storedText = async (frames: ReadonlyArray<Frame>): Promise<string | undefined> => {
  const { sessionId } = frames.at(-1)?.data ?? {}
  if (sessionId === undefined) return undefined
  const { data } = await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)
  return data.messages.at(-1)?.content
}

describe("a provider fault", () => {
  it.each(faults)(
    "$name: the second provider gives the whole answer if a fallback is allowed",
    async (fault) => {
      await use(inTurn(fault.answers), true)
      const frames = await ask()
      const code = fault.final === true ? fault.alone : undefined
      expect(ended(frames)).toEqual(endOf(code))
      expect(await storedText(frames)).toBe(code === undefined ? whole : undefined)
      expect(first.asked).toHaveLength(fault.asked)
      expect(second.asked).toHaveLength(fault.alone === undefined || fault.final === true ? 0 : 1)
    },
  )

  it.each(faults)(
    "$name: a single provider ends with the whole answer or with one clear error",
    async (fault) => {
      await use(inTurn(fault.answers), false)
      expect(ended(await ask())).toEqual(endOf(fault.alone))
      expect(first.asked).toHaveLength(fault.asked)
    },
  )

  it("429 without end: the error states how long to wait", async () => {
    await use(() => refusal(429, "rate_limit_exceeded", { "retry-after": "17" }), false)
    expect((await ask()).at(-1)?.data).toMatchObject({ code: "UPSTREAM_RATE_LIMITED", retryAfter: 17 })
  })

  it("late first token: another provider answers, and a single provider is waited for", async () => {
    const late: Answer = { body: [2 * firstContentMs, ...good.body] }
    await use(() => late, true)
    expect(ended(await ask())).toEqual(endOf(undefined))
    expect(second.asked).toHaveLength(1)
    await gateway?.stop("SIGKILL")
    await use(() => late, false)
    expect(ended(await ask())).toEqual(endOf(undefined))
  })

  it("cut and refused prefill: the second provider gets the request without the partial answer", async () => {
    await use(() => ({ body: some(40) }), true)
    expect(ended(await ask())).toEqual(endOf(undefined))
    const { messages } = second.asked[0]
    expect(messages.at(-1)).toEqual({ role: "user", content: "Count to sixty." })
    expect(messages.filter(({ role }: { role: string }) => role === "assistant")).toEqual([])
  })

  it("outage under load: every turn gets the whole answer, and the provider is soon skipped", async () => {
    let isDown = true
    await use(() => (isDown ? refusal(503, "x") : good), true)
    const turns = 60
    for (let at = 0; at < turns; at++) {
      const clients = await Promise.all(
        ["acme", "umbrella", "initech"].map(async (org) => new Client(gateway!.url, await tokenFor(org))),
      )
      const all = await Promise.all(clients.map(async (one) => (await one.start("Count.")).rest()))
      for (const frames of all) expect(ended(frames)).toEqual(endOf(undefined))
      if (at === turns - 1) isDown = false
    }
    // Without a breaker each of the 180 turns asks it twice.
    expect(first.asked.length).toBeLessThan(120)
  })

  it("accounting: the run names the model that answered, with its tokens, and the refusals", async () => {
    await use(() => refusal(429, "insufficient_quota"), true)
    const frames = await ask()
    const done = frames.at(-1)?.data
    expect(done).toMatchObject({
      finishReason: "stop",
      model: "model-1-0613",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
    })
    const { data } = await client.json("GET", `/api/v1/chat/runs/${done.runId}`)
    expect(data).toMatchObject({ model: "model-1-0613", finishReason: "stop", usage: { tokens: 42 } })
    expect(data.attempts).toMatchObject([
      { target: "first", outcome: "error", code: "UPSTREAM_MISCONFIGURED", model: null, usage: null },
      {
        target: "second",
        outcome: "success",
        model: "model-1-0613",
        usage: { inputTokens: 11, outputTokens: 31 },
      },
    ])
    expect(JSON.stringify(data)).not.toContain("sk-canary")
  })
})
