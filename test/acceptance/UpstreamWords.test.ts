/**
 * Upstream errors contain hosts, keys and SQL. None of it reaches a user, a log, a span or a metric; operators read
 * it.
 */
import { describe, expect, it } from "vitest"
import { ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "debug", NODE_ENV: "production" })
const canary = "canary-postgres://root:hunter2@db-7.internal/x?sql=SELECT+1"

/** The question must not contain the searched text, so each character is escaped. */
const escaped = [...canary]
  .map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
  .join("")
const scenario = (name: string, fields: string) => `{"scenario":"${name}",${fields}}`

const refusal = (status: number) =>
  ({
    kind: "status",
    status,
    retryAfter: canary,
    body: JSON.stringify({ error: { message: canary, code: canary, type: canary, param: canary } }),
  }) as const
const inStream = (...before: ReadonlyArray<object>) =>
  ({
    kind: "raw",
    events: [...before, { error: { message: canary, code: canary, metadata: { raw: canary } } }],
    end: "reset",
  }) as const
const delta = { choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }] }

const all = `"error":"${escaped}","details":{"${escaped}":["${escaped}"]},"traceId":"${escaped}","code":"${escaped}"`
const cases = [
  ["its error event", scenario("error", all), refusal(500)],
  ["its error event after text", scenario("error", `"after_text":2,${all}`), refusal(400)],
  ["a status 500", scenario("http", `"status":500,"body":"${escaped}"`), refusal(401)],
  ["a status 422", scenario("http", `"status":422,"body":{"detail":"${escaped}"}`), refusal(404)],
  ["a status 503", scenario("http", `"status":503,"retry_after":"${escaped}"`), refusal(503)],
  ["a status 429", scenario("http", `"status":429,"retry_after":"${escaped}"`), refusal(429)],
  [
    "an answer that is an error",
    scenario("error-text", `"text":"I encountered an error: ${escaped} Please try again."`),
    inStream(),
  ],
  [
    "an answer that ends in an error",
    scenario(
      "error-text",
      `"after_text":1,"text":"I completed the task but encountered an issue generating the response: ${escaped}"`,
    ),
    inStream(delta),
  ],
  ["failed calls", scenario("failing-calls", `"error":"${escaped}"`), refusal(500)],
] as const

const parts = ["canary", "hunter2", "db-7.internal", "SELECT"]
const expectNone = (about: string, text: string) => {
  for (const part of parts) expect([about, text.includes(part)]).toEqual([about, false])
}

describe("X6: an upstream's error text", () => {
  it.each(cases)("is hidden from users, by %s", async (_, message, direct) => {
    world.model.answers.push(direct, direct)
    const user = await world.as("acme", "ana", ["chat:*", "sessions:*"])
    const stream = await user.start(message)
    await stream.rest()
    expectNone("stream", Buffer.from(stream.bytes).toString("utf8"))
    for (const [name, value] of stream.response.headers) expectNone(name, value)
    const old = await user.start(message, {}, "?protocol=1")
    await old.rest()
    expectNone("protocol 1", Buffer.from(old.bytes).toString("utf8"))
    const replay = await user.events(stream.runId)
    await replay.rest()
    expectNone("replay", Buffer.from(replay.bytes).toString("utf8"))
    for (const path of [`/runs/${stream.runId}`, `/sessions/${stream.sessionId}`])
      expectNone(path, await (await user.request("GET", `/api/v1/chat${path}`)).text())
  })

  it("is replaced by the code, a sentence and the trace of the turn", async () => {
    world.model.answers.push(refusal(500), refusal(500))
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    const stream = await world.client.start(scenario("error", all), {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    })
    const frames = await stream.rest()
    expect(ofType(frames, "fallback")[0]?.data.data).toMatchObject({
      code: "UPSTREAM_FAILED",
      reason: "The answering service failed.",
    })
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "UPSTREAM_UNAVAILABLE", message: "The answering service is not available.", traceId },
    })
  })

  it("is replaced in failed calls by a sentence for their kind", async () => {
    const frames = await (await world.client.start(cases.at(-1)![1])).rest()
    const failed = ["tool_result", "skill_result", "mcp_result"].map(
      (type) => ofType(frames, type)[0]?.data.data,
    )
    expect(failed.map(({ error, result, success }) => [success, result, error])).toEqual([
      [false, null, "The tool failed."],
      [false, null, "The skill failed."],
      [false, null, "The MCP tool failed."],
    ])
    expect(ofType(frames, "plan_step").at(-1)?.data.data).toMatchObject({
      status: "failed",
      error: "The step failed.",
    })
  })
})

describe("operators", () => {
  it("read the runtime's own words with its attempt", async () => {
    const stream = await world.client.start(scenario("error", all))
    await stream.rest()
    const [attempt] = (await world.run(stream.runId)).attempts
    expect(attempt).toMatchObject({ code: "UPSTREAM_FAILED", failure: expect.stringContaining(canary) })
    const admin = await world.as("acme", "ana", ["chat:*", "admin:*"])
    const seen = (await admin.json("GET", `/api/v1/chat/runs/${stream.runId}`)).data
    expect(seen.attempts[0].failure).toBeNull()
  })

  it("X6: find no upstream words in metrics, health views and logs, even if the runtime uses a gateway code", async () => {
    const refusing = scenario("error", `"error":"${escaped}","code":"UPSTREAM_REJECTED"`)
    for (let count = 0; count < 4; count += 1) await (await world.client.start(refusing)).rest()
    expectNone("metrics", await (await fetch(`${world.gateway.url}/metrics`)).text())
    expectNone("ready", await (await fetch(`${world.gateway.url}/api/v1/health/ready`)).text())
    for (const path of ["fallback/status", "fallback/history", "metrics"])
      expectNone(path, await (await world.operator.request("GET", `/api/v1/runtime/${path}`)).text())
    expectNone("log", world.gateway.output())
  })
})
