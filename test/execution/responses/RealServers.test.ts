/** The wire against published servers of the Responses API, each over the same graph. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Executor } from "../../../src/execution/Executor.ts"
import { turn } from "../../support/fixtures.ts"
import type { Running } from "../../support/processes.ts"
import { responsesPaths, startResponsesServer } from "../../support/responsesServer.ts"
import { eventually } from "../../support/chatClient.ts"
import { after, pastOf, play, type Played, runtime } from "./playing.ts"

let server: Running
beforeAll(async () => {
  server = await startResponsesServer()
}, 60_000)
afterAll(() => server.stop("SIGKILL"))

type Name = keyof typeof responsesPaths
const at = (name: Name) => `${server.url}${responsesPaths[name]}`
const say = (message: string, name: Name = "fast") => play(at(name), after([], message))

const hello = "Hello from a real agent. "
const weather = (city: string) => ({ city, sky: "clear" })
const call = (city: string) => ({ toolName: "get_weather", arguments: { city }, status: "calling" })
const result = (city: string) => ({ toolName: "get_weather", result: weather(city), success: true })

const dataOf = ({ drafts }: Played, type: string): ReadonlyArray<unknown> =>
  drafts.filter((draft) => draft.type === type).map(({ data }) => data)

/** The call and its result have the same id. */
const pairs = ({ drafts }: Played) =>
  drafts.flatMap(({ metadata, type }) =>
    type === "tool_call" || type === "tool_result" ? [metadata?.callId] : [],
  )

describe("an answer of a Responses server", () => {
  it.each<Name>(["fast", "graph", "plain"])("is text: %s", async (name) => {
    const { error, finished, text, types } = await say("TEXT", name)
    assert.isUndefined(error)
    assert.strictEqual(text, hello)
    assert.deepStrictEqual(types, ["text"])
    assert.deepInclude(finished, { finishReason: "stop", model: "agent" })
  })

  it("reports the usage", async () => {
    const { finished } = await say("TEXT")
    assert.deepStrictEqual(finished?.usage, { tokens: 18, inputTokens: 11, outputTokens: 7 })
  })

  it.each<Name>(["fast", "graph"])("shows reasoning as thinking: %s", async (name) => {
    const { drafts, text } = await say("REASON", name)
    const thoughts = drafts.flatMap((draft) => (draft.type === "thinking" ? [draft.data] : []))
    assert.deepStrictEqual(thoughts, [
      { content: "Let me ", stage: "reasoning" },
      { content: "think.", stage: "reasoning" },
    ])
    assert.strictEqual(text, "Answer after thinking.")
  })

  it("shows the server's own call with its result", async () => {
    const played = await say("TOOL")
    assert.deepStrictEqual(played.types, ["tool_call", "tool_result", "text"])
    assert.deepStrictEqual(dataOf(played, "tool_call"), [call("Paris")])
    assert.deepStrictEqual(dataOf(played, "tool_result"), [result("Paris")])
    assert.strictEqual(new Set(pairs(played)).size, 1)
    assert.strictEqual(played.finished?.finishReason, "stop")
  })

  it("shows parallel calls, each with its own result", async () => {
    const played = await say("TOOL2")
    const kinds = ["text", "tool_call", "tool_result", "tool_call", "tool_result", "text"]
    assert.deepStrictEqual(played.types, kinds)
    assert.deepStrictEqual(dataOf(played, "tool_result"), [result("Paris"), result("Rome")])
    const [first, firstResult, second, secondResult] = pairs(played)
    assert.strictEqual(first, firstResult)
    assert.strictEqual(second, secondResult)
    assert.notStrictEqual(first, second)
  })

  it("shows a tool's failure that the agent handles as the server sends it", async () => {
    const played = await say("SOFTTOOL")
    assert.deepStrictEqual(dataOf(played, "tool_result"), [
      { toolName: "refuse", result: "Error: not today", success: true },
    ])
    assert.match(played.text, /It is done: Error: not today/)
  })

  it("ends calls without outputs when the agent goes on: graph", async () => {
    const played = await say("TOOL2", "graph")
    assert.deepStrictEqual(dataOf(played, "tool_call"), [call("Paris"), call("Rome")])
    const ended = { toolName: "get_weather", result: null, success: true }
    assert.deepStrictEqual(dataOf(played, "tool_result"), [ended, ended])
    assert.deepStrictEqual(dataOf(played, "interrupt"), [])
    assert.strictEqual(played.finished?.finishReason, "stop")
    assert.strictEqual(
      played.drafts.findIndex(({ type }) => type === "tool_call"),
      played.drafts.findLastIndex(({ data }) => "content" in data && data.content === "Two: ") + 1,
    )
  })

  it("corrects text that differs from the message's end: plain", async () => {
    const played = await say("TOOL", "plain")
    assert.isUndefined(played.error)
    assert.include(played.types, "retract")
    assert.deepStrictEqual(played.drafts.at(-1)?.data, {
      content: 'It is done: {"city": "Paris", "sky": "clear"} ',
    })
  })
})

describe("a failure of a Responses server", () => {
  it.each<readonly [Name, string]>([
    ["fast", "ERR0"],
    ["graph", "ERR0"],
    ["plain", "ERR0"],
    ["fast", "BADTOOL"],
    ["graph", "BADTOOL"],
  ])("before any text fails the attempt: %s %s", async (name, message) => {
    const { error, finished, text } = await say(message, name)
    assert.strictEqual(error?._tag, "UpstreamFailed")
    assert.isUndefined(finished)
    assert.notInclude(text, "Hello")
  })

  it.each<Name>(["fast", "graph"])("in the middle fails the attempt after its text: %s", async (name) => {
    const { error, finished, text } = await say("ERRMID", name)
    assert.strictEqual(error?._tag, "UpstreamFailed")
    assert.isUndefined(finished)
    assert.strictEqual(text, "Hello from a ")
  })

  it("shows the call whose tool failed, so nothing runs again: graph", async () => {
    const { types } = await say("BADTOOL", "graph")
    assert.deepStrictEqual(types, ["tool_call"])
  })

  it("is a wrong path or an unknown model: misconfigured", async () => {
    const path = await play(`${server.url}/nowhere`, after([], "TEXT"))
    assert.strictEqual(path.error?._tag, "UpstreamMisconfigured")
    const agent = turn().agent
    const settings = { ...agent.settings, runtime: { agent: "unknown" } }
    const model = await play(at("graph"), { ...after([], "TEXT"), agent: { ...agent, settings } })
    assert.strictEqual(model.error?._tag, "UpstreamMisconfigured")
  })

  it("is a truncation if the process dies", async () => {
    const own = await startResponsesServer()
    const playing = play(`${own.url}/fast/v1`, after([], "SLOW"))
    await eventually(async () => (await seenBy(own)).includes("SLOW"))
    await own.stop("SIGKILL")
    const { error, finished } = await playing
    assert.strictEqual(error?._tag, "UpstreamTruncated")
    assert.isUndefined(finished)
    const again = await play(`${own.url}/fast/v1`, after([], "TEXT"))
    assert.strictEqual(again.error?._tag, "UpstreamUnreachable")
  }, 60_000)
})

/** The SLOW runs that have begun. */
const seenBy = async ({ url }: Running): Promise<ReadonlyArray<string>> =>
  (await (await fetch(`${url}/begun`)).json()) as ReadonlyArray<string>

describe("a turn that the gateway ends", () => {
  it("closes its connection, and the server notices", async () => {
    const read = async (path: string) => (await (await fetch(`${server.url}${path}`)).json()) as Array<string>
    const before = (await read("/closed")).length
    await Effect.gen(function* () {
      const { execute } = yield* Executor
      const fiber = yield* Effect.forkChild(Stream.runDrain(execute(turn(after([], "SLOW")))))
      yield* Effect.promise(() => eventually(async () => (await seenBy(server)).includes("SLOW")))
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => eventually(async () => (await read("/closed")).length > before))
    }).pipe(Effect.provide(runtime(at("fast"))), Effect.runPromise)
  })
})

describe("a conversation", () => {
  it.each<Name>(["fast", "graph"])("continues at the server: %s", async (name) => {
    const first = await say("TEXT", name)
    const past = pastOf("TEXT", first)
    const second = await play(at(name), after(past, "HISTORY"))
    assert.match(
      second.text,
      /^(system: Be kind\. \| )?human: TEXT \| ai: Hello from a real agent\. \| human: HISTORY$/,
    )
    const third = await play(at(name), after(pastOf("HISTORY", second, past), "HISTORY 3"))
    assert.include(third.text, `human: HISTORY | ai: ${second.text} | human: HISTORY 3`)
    assert.strictEqual(third.text.split("human: TEXT").length - 1, 2)
  })

  it("is sent whole to a server that has lost it", async () => {
    const first = await say("TEXT")
    const past = pastOf("TEXT", first)
    const lost = past.map((message) =>
      message.upstream === undefined
        ? message
        : { ...message, upstream: { wire: "responses", data: { responseId: "resp_gone", waiting: [] } } },
    )
    const second = await play(at("fast"), after(lost, "HISTORY"))
    assert.isUndefined(second.error)
    assert.strictEqual(second.text, `system: Be kind. | human: TEXT | ai: ${hello.trim()} | human: HISTORY`)
  })

  it("is sent whole after an answer of direct mode", async () => {
    const past = pastOf("TEXT", await say("TEXT")).map((message) => ({ ...message, upstream: undefined }))
    const { text } = await play(at("fast"), after(past, "HISTORY"))
    assert.strictEqual(text, `system: Be kind. | human: TEXT | ai: ${hello.trim()} | human: HISTORY`)
  })

  it("leaves no trace of a shadow at the server", async () => {
    const past = pastOf("TEXT", await say("TEXT", "graph"))
    const shadow = await play(at("graph"), { ...after(past, "SHADOW"), shadow: true })
    assert.isUndefined(shadow.error)
    const { text } = await play(at("graph"), after(past, "HISTORY"))
    assert.notInclude(text, "SHADOW")
  })
})

describe("an interrupt", () => {
  const approve = async () => {
    const played = await say("APPROVE")
    const [interrupt] = played.drafts.flatMap((draft) => (draft.type === "interrupt" ? [draft] : []))
    return { played, interrupt, past: pastOf("APPROVE", played) }
  }

  it("is the call that waits for the client", async () => {
    const { interrupt, played } = await approve()
    assert.deepStrictEqual(played.types, ["tool_call", "interrupt"])
    assert.strictEqual(played.finished?.finishReason, "interrupt")
    assert.deepInclude(interrupt?.data, {
      reason: "tool_call",
      toolName: "delete_file",
      arguments: { path: "/x" },
    })
    assert.strictEqual(interrupt?.metadata?.callId, interrupt?.data.interruptId)
    assert.deepStrictEqual(pairs(played), [interrupt?.data.interruptId])
  })

  it("contains the agent's question", async () => {
    const { drafts, text } = await say("ASK")
    assert.deepInclude(drafts.at(-1)?.data, { message: "Your name?" })
    assert.include(text, "[interrupt: Your name?]")
  })

  it.each([
    [{ approved: true }, "It is done: deleted /x "],
    [{ approved: false }, "It is done: kept /x "],
  ])("continues the run with %o", async (payload, text) => {
    const { interrupt, past } = await approve()
    const answers = [{ interruptId: interrupt!.data.interruptId, payload }]
    const resumed = await play(at("fast"), {
      ...after(past, JSON.stringify(payload)),
      resume: { interrupts: [interrupt!.data], answers },
    })
    assert.isUndefined(resumed.error)
    assert.strictEqual(resumed.text, text)
    const next = await play(at("fast"), after(pastOf("yes", resumed, past), "TEXT"))
    assert.strictEqual(next.text, hello)
  })

  it("is dropped by a plain message, and nothing is approved", async () => {
    const { interrupt, past } = await approve()
    const next = await play(at("fast"), {
      ...after(past, "HISTORY approved"),
      resume: { interrupts: [interrupt!.data], answers: undefined },
    })
    assert.isUndefined(next.error)
    assert.notInclude(next.text, "deleted")
    assert.match(next.text, /human: APPROVE \| ai: .*interrupt.*\| human: HISTORY approved$/)
  })
})
