import { expect, it } from "vitest"
import type { Client } from "../support/chatClient.ts"
import { parse } from "../support/prometheusText.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "warn" })

const path = (messageId: string) => `/api/v1/chat/messages/${messageId}/feedback`

const answered = async (client: Client) => {
  const stream = await client.start("hello")
  const last = (await stream.rest()).at(-1)
  const messageId: string = last?.data.messageId
  return { messageId, sessionId: stream.sessionId, runId: stream.runId }
}

interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the answer
  readonly body: any
}

const put = async (client: Client, messageId: string, body: unknown): Promise<Answer> => {
  const response = await client.request("PUT", path(messageId), body)
  return { status: response.status, body: await response.json() }
}

/** The ratings that stand, and all that were given, by mode and rating. */
const counted = async () => {
  const samples = parse(await (await fetch(`${world.gateway.url}/metrics`)).text())
  const of = (name: string) =>
    Object.fromEntries(
      samples
        .filter((sample) => sample.name === name && sample.value > 0)
        .map(({ labels, value }) => [`${labels["mode"]} ${labels["rating"]}`, value]),
    )
  return { given: of("crossfade_feedback_total"), replaced: of("crossfade_feedback_replaced_total") }
}

it("appears in the session until it is withdrawn, and counts once", async () => {
  const client = await world.as("acme", "ana")
  const { messageId, runId, sessionId } = await answered(client)
  const shown = async () => {
    const { data } = await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)
    return data.messages.map((message: { readonly feedback: unknown }) => message.feedback)
  }
  expect(await shown()).toEqual([null, null])
  expect((await client.json("GET", path(messageId))).data).toEqual({ feedback: null })
  const first = await put(client, messageId, { rating: "up", comment: "👍 good" })
  expect(first.body.data.feedback).toMatchObject({
    messageId,
    runId,
    sessionId,
    rating: "up",
    score: null,
    comment: "👍 good",
  })
  const again = await put(client, messageId, { rating: "up", comment: "👍 good" })
  expect(again).toEqual(first)
  const changed = await put(client, messageId, { rating: "down", score: 0 })
  expect(changed.body.data.feedback).toMatchObject({ rating: "down", score: 0, comment: null })
  expect(await shown()).toEqual([null, changed.body.data.feedback])
  expect((await client.json("GET", path(messageId))).data).toEqual(changed.body.data)
  const mode = "runtime_orchestrator"
  expect(await counted()).toEqual({
    given: { [`${mode} up`]: 1, [`${mode} down`]: 1 },
    replaced: { [`${mode} up`]: 1 },
  })
  for (const withdrawn of [true, false])
    expect((await client.json("DELETE", path(messageId))).data).toEqual({ messageId, withdrawn })
  expect(await shown()).toEqual([null, null])
  expect((await counted()).replaced).toEqual({ [`${mode} up`]: 1, [`${mode} down`]: 1 })
})

it("survives a restart, with any Unicode", async () => {
  const client = await world.as("acme", "ana")
  const { messageId } = await answered(client)
  const comment = "\u0000 \u202e é\u0301 👩‍👩‍👧‍👦 ' \" \\"
  await put(client, messageId, { comment })
  await world.restart()
  const after = await world.as("acme", "ana")
  expect((await after.json("GET", path(messageId))).data.feedback).toMatchObject({ comment, rating: null })
})

it("refuses bad input with the name of the field, and changes nothing", async () => {
  const client = await world.as("acme", "ana")
  const { messageId, sessionId } = await answered(client)
  const long = "x".repeat(2000)
  await put(client, messageId, { rating: "up", comment: long })
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [{}, "payload.rating"],
    [{ rating: null, score: null, comment: null }, "payload.rating"],
    [{ rating: "good" }, "payload.rating"],
    [{ rating: 1 }, "payload.rating"],
    [{ score: 1.01 }, "payload.score"],
    [{ score: -0.01 }, "payload.score"],
    [{ score: "1" }, "payload.score"],
    [{ comment: `${long}x` }, "payload.comment"],
    [{ comment: "" }, "payload.comment"],
    [{ comment: " \u200b\n" }, "payload.comment"],
    [{ comment: "\ud800" }, "payload.comment"],
    [{ rating: "down", coment: "lost" }, "payload.coment"],
  ]
  for (const [body, field] of cases) {
    const { body: answer, status } = await put(client, messageId, body)
    expect([body, status, answer.error.code]).toEqual([body, 400, "VALIDATION_FAILED"])
    expect(answer.error.details.map((problem: { readonly path: string }) => problem.path)).toContain(field)
  }
  const [question] = (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data.messages
  const own = await put(client, question.id, { rating: "up" })
  expect(own.body.error).toMatchObject({
    code: "VALIDATION_FAILED",
    details: [{ path: "params.messageId", message: "Expected an assistant's message, not a user's" }],
  })
  expect((await put(client, "x", { rating: "up" })).status).toBe(400)
  expect((await put(client, question.runId, { rating: "up" })).body.error.code).toBe("MESSAGE_NOT_FOUND")
  expect((await client.json("GET", path(messageId))).data.feedback).toMatchObject({
    rating: "up",
    comment: long,
  })
})

it("exists for the user of the session only, and needs chat:write", async () => {
  const client = await world.as("acme", "ana")
  const { messageId } = await answered(client)
  await put(client, messageId, { rating: "up" })
  for (const other of [await world.as("acme", "eve"), await world.as("other", "ana"), world.operator]) {
    const expected = other === world.operator ? 403 : 404
    for (const method of ["GET", "PUT", "DELETE"]) {
      const body = method === "PUT" ? { rating: "down" } : undefined
      expect((await other.request(method, path(messageId), body)).status).toBe(expected)
    }
  }
  const reader = await world.as("acme", "ana", ["chat:read"])
  expect((await put(reader, messageId, { rating: "down" })).status).toBe(403)
  expect((await reader.request("DELETE", path(messageId))).status).toBe(403)
  expect((await reader.json("GET", path(messageId))).data.feedback.rating).toBe("up")
})

it("lets a user rate the answer of a failed turn", async () => {
  const client = await world.as("acme", "ana")
  world.model.answers.push({ kind: "status", status: 400 })
  const stream = await client.start(JSON.stringify({ scenario: "error" }))
  expect((await stream.rest()).at(-1)?.event).toBe("error")
  const { data } = await client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)
  const answer = data.messages.at(-1)
  expect(answer.role).toBe("assistant")
  const { body } = await put(client, answer.id, { rating: "down" })
  expect(body.data.feedback).toMatchObject({ messageId: answer.id, runId: stream.runId, rating: "down" })
})

it("leaves one rating after concurrent writes, and counts the ratings that stand", async () => {
  const client = await world.as("acme", "ana")
  const { messageId } = await answered(client)
  const standing = async () => {
    const { given, replaced } = await counted()
    const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((a, b) => a + b, 0)
    return sum(given) - sum(replaced)
  }
  const before = await standing()
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => put(client, messageId, { rating: index % 2 ? "up" : "down" })),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(await standing()).toBe(before + 1)
})
