import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Sse from "effect/encoding/Sse"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { active, call, events, execute, execution, json, payloads, until, type WireEvent } from "./wire.ts"

interface Refusal {
  readonly detail: ReadonlyArray<{ readonly loc: ReadonlyArray<string> }>
}

/** The events as a streaming client reads them, piece by piece. */
const decoded = (pieces: ReadonlyArray<Buffer>): ReadonlyArray<WireEvent> => {
  const told: Array<WireEvent> = []
  const parser = Sse.makeParser((each) => {
    if (each._tag === "Event" && each.data !== "[DONE]") told.push(JSON.parse(each.data))
  })
  const decoder = new TextDecoder("utf-8", { fatal: true })
  for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }))
  return told
}

const fast = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 0 })
const sandbox = { excludeTestServices: true }

layer(fast, sandbox)("the sandbox runtime", (it) => {
  it.effect("writes the bytes that sse-starlette writes", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const received = yield* execute(runtimeUrl)
      const text = received.body.toString("utf8")
      assert.strictEqual(received.status, 200)
      assert.match(received.headers["content-type"] ?? "", /^text\/event-stream/)
      assert.isTrue(received.ended)
      assert.notMatch(text, /(^|[^\r])\n/, "a line end without CR")
      assert.notMatch(text, /^event:/m)
      assert.notInclude(text, ": ping")
      assert.isTrue(text.endsWith("\r\n\r\ndata: [DONE]\r\n\r\n"))
    }),
  )

  it.effect("cuts frames and characters, and every event still decodes", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      // Only three-byte characters: a random cut in the text falls inside one two times out of three.
      const received = yield* execute(runtimeUrl, { message: "日本語".repeat(90) })
      const startsInsideCharacter = received.pieces.filter((piece) => ((piece[0] ?? 0) & 0xc0) === 0x80)
      assert.isTrue(received.pieces.length > events(received.body).length)
      assert.isTrue(startsInsideCharacter.length > 0)
      const told = decoded(received.pieces)
      assert.deepStrictEqual(told, events(received.body))
      const [last] = told.slice(-1)
      assert.include(last?.data["final_response"], "日本語".repeat(90))
      for (const event of told) assert.strictEqual(new Date(event.timestamp).toISOString(), event.timestamp)
    }),
  )

  it.effect("plays plan, calls, text, file and end, each start followed by its completion", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const told = events((yield* execute(runtimeUrl, { message: "How?" })).body)
      const names = told.map((event) => event.event).filter((name, index, all) => name !== all[index - 1])
      assert.deepStrictEqual(names, [
        "thinking",
        "plan_created",
        "plan_step_start",
        "tool_call_start",
        "tool_call_complete",
        "plan_step_complete",
        "plan_step_start",
        "skill_call_start",
        "skill_call_complete",
        "plan_step_complete",
        "plan_step_start",
        "mcp_call_start",
        "mcp_call_complete",
        "plan_step_complete",
        "text_chunk",
        "file_created",
        "execution_complete",
      ])
      const answer = told.at(-1)?.data["final_response"]
      assert.strictEqual(
        told.flatMap((event) => (event.event === "text_chunk" ? [event.data["content"]] : [])).join(""),
        answer,
      )
      assert.include(answer, "> How?")
      assert.include(answer, "written by the sandbox runtime")
      assert.deepStrictEqual(
        told.find((event) => event.event === "plan_created")?.data["steps"],
        told.flatMap(({ event, data }) =>
          event === "plan_step_complete" ? [{ id: data["step_id"], title: data["title"] }] : [],
        ),
      )
    }),
  )

  it.effect("shows the same calls in a dry run without making them", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const wet = events((yield* execute(runtimeUrl)).body)
      const body = { ...execution(), metadata: { shadow: true, dry_run: true } }
      const dry = events((yield* execute(runtimeUrl, { body })).body)
      const called = ({ event }: { readonly event: string }) => event.endsWith("_call_start")
      const argumentsOf = (told: typeof dry) => told.filter(called).map(({ data }) => data)
      assert.lengthOf(argumentsOf(dry), 3)
      assert.deepStrictEqual(argumentsOf(dry), argumentsOf(wet))
      for (const { data, event } of dry)
        if (event.endsWith("_call_complete")) assert.strictEqual(data["result"], "not called: dry run")
    }),
  )

  it.effect(
    "answers the last message of a history, as the real runtime does, and needs no agent_config",
    () =>
      Effect.gen(function* () {
        const { runtimeUrl } = yield* Sandbox
        const { agent_config: _, ...bare } = execution()
        const answerTo = (body: object) =>
          Effect.map(
            execute(runtimeUrl, { body: { ...bare, user_message: "Alone?", ...body } }),
            (received) => String(events(received.body).at(-1)?.data["final_response"]),
          )
        const history_messages = [
          { role: "user", content: "First?" },
          { role: "assistant", content: "Yes." },
          { role: "user", content: "Last?" },
        ]
        const last = yield* answerTo({ history_messages })
        assert.include(last, "> Last?")
        assert.include(last, "It had 2 earlier messages")
        assert.include(yield* answerTo({ history_messages: [] }), "> Alone?")
      }),
  )

  it.effect("refuses a sub-agent whose servers are ids", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const server = { id: "m", name: "M", endpoint: "e", transport: "http" }
      const status = (mcp_servers: ReadonlyArray<unknown>) =>
        Effect.map(
          execute(runtimeUrl, {
            body: { ...execution(), available_sub_agents: [{ id: "a", name: "A", mcp_servers }] },
          }),
          (received) => received.status,
        )
      assert.strictEqual(yield* status([server]), 200)
      assert.strictEqual(yield* status(["m"]), 422)
    }),
  )

  it.effect("serves the bytes of the file that it announced", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const told = events((yield* execute(runtimeUrl, { message: "Où ?" })).body)
      const file = told.find((event) => event.event === "file_created")!.data
      assert.match(String(file["url"]), /^\/files\/[0-9a-f]+\/notes\.md$/)
      const received = yield* call(`${runtimeUrl}${file["url"]}`)
      assert.strictEqual(received.body.length, file["size"])
      assert.include(received.body.toString("utf8"), "Où ?")
      assert.strictEqual((yield* call(`${runtimeUrl}/files/nothing/notes.md`)).status, 404)
    }),
  )

  it.effect("is healthy, and refuses unknown routes and methods", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      assert.strictEqual(json(yield* call(`${runtimeUrl}/health`))["status"], "healthy")
      assert.strictEqual((yield* call(`${runtimeUrl}/nothing`)).status, 404)
      assert.strictEqual((yield* call(`${runtimeUrl}/api/v1/execute/stream`)).status, 405)
    }),
  )

  it.effect("answers a bad body with 422 and the place of each problem", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const { session_id: _, ...body } = execution()
      const bad = { ...body, history_messages: [{ role: "robot", content: "x" }] }
      const received = yield* execute(runtimeUrl, { body: bad })
      assert.strictEqual(received.status, 422)
      const places = json<Refusal>(received).detail.map((problem) => problem.loc.join("."))
      assert.deepStrictEqual(places, ["body.session_id", "body.history_messages.0.role"])
      assert.strictEqual((yield* execute(runtimeUrl, { body: "{" })).status, 422)
      assert.strictEqual((yield* call(`${runtimeUrl}/api/v1/execute/cancel`, { body: {} })).status, 422)
    }),
  )
})

/** Pings every few milliseconds, and a script that hangs after its headers or waits for real. */
const pinging = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 1, pingIntervalMs: 5 })

layer(pinging, sandbox)("a running execution of the sandbox runtime", (it) => {
  it.effect("pings while it waits, in comment lines", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const leaveWhen = (soFar: Buffer) => soFar.includes("plan_created")
      const text = (yield* execute(runtimeUrl, { leaveWhen })).body.toString("utf8")
      assert.match(text, /^: ping - \d{4}-\d\d-\d\dT[\d:.]+Z\r\n\r\n/m)
    }),
  )

  it.effect("stops when its client leaves", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const received = yield* execute(runtimeUrl, { leaveWhen: (soFar) => soFar.includes("thinking") })
      assert.isFalse(received.ended)
      assert.strictEqual(yield* until(active(runtimeUrl), (count) => count === 0), 0)
    }),
  )

  it.effect("ends with EXECUTION_CANCELLED when its session is cancelled, once", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const cancel = call(`${runtimeUrl}/api/v1/execute/cancel`, { body: { session_id: "session-1" } })
      assert.deepStrictEqual(json(yield* cancel), { cancelled: false, session_id: "session-1" })
      const running = yield* Effect.forkChild(execute(runtimeUrl))
      yield* until(active(runtimeUrl), (count) => count === 1)
      assert.deepStrictEqual(json(yield* cancel), { cancelled: true, session_id: "session-1" })
      const received = yield* Fiber.join(running)
      const { data, event } = events(received.body).at(-1)!
      assert.strictEqual(event, "execution_error")
      assert.strictEqual(data["code"], "EXECUTION_CANCELLED")
      assert.strictEqual(data["httpStatus"], 499)
      assert.strictEqual(payloads(received.body, "\r\n").at(-1), "[DONE]")
      assert.deepStrictEqual(json(yield* cancel), { cancelled: false, session_id: "session-1" })
    }),
  )
})
