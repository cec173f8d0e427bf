import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Client, defaultAgent, textOf, tokenFor } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type StrictAnswer, startStrictModel } from "../support/strictModel.ts"

const model = await startStrictModel()
const folder = temporaryFolder()
let gateway: Running
let client: Client

beforeAll(async () => {
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "direct_llm",
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", model.url),
  })
  client = new Client(gateway.url, await tokenFor())
})
beforeEach(() => {
  for (const list of [model.accepted, model.refused, model.answers]) list.length = 0
})
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  await model.stop()
  folder.dispose()
})

const pathOf = (sessionId: string) => `/api/v1/chat/sessions/${sessionId}`
const messagesOf = async (
  sessionId: string,
): Promise<ReadonlyArray<{ readonly role: string; readonly content: string; readonly runId: string }>> =>
  (await client.json("GET", pathOf(sessionId))).data.messages

/** A session whose last message the model did not answer. */
const broken = async (answer: StrictAnswer) => {
  const first = await client.start("one")
  await first.rest()
  model.answers.push(answer)
  const failed = await client.send(first.sessionId, "two")
  await failed.rest()
  return { sessionId: first.sessionId, failed }
}

describe("a session with a failed turn", () => {
  it.each<[string, StrictAnswer]>([
    ["before its text", { status: 400 }],
    ["after its text", { cutAfter: "Half of an" }],
    ["with a blank answer", " \n"],
    ["with a thought alone", "<think>Hm.</think>"],
  ])("answers the next message after a turn that failed %s", async (_, answer) => {
    const { sessionId } = await broken(answer)
    const next = await client.send(sessionId, "three")
    expect(textOf(await next.rest())).toBe("Yes.")
    expect(model.refused).toEqual([])
    expect(model.accepted.at(-1)).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: "Yes." },
      { role: "user", content: "three" },
    ])
  })

  it("answers the question by a retry, once, also for repeated requests under one key", async () => {
    const { failed, sessionId } = await broken({ status: 400 })
    const key = { "idempotency-key": "again" }
    const retried = { message: "two", retry: true }
    const retry = await client.stream("POST", pathOf(sessionId), retried, key)
    expect((await retry.rest()).at(-1)?.event).toBe("done")
    const twice = await client.stream("POST", pathOf(sessionId), retried, key)
    await twice.rest()
    expect(twice.runId).toBe(retry.runId)
    expect(retry.runId).not.toBe(failed.runId)
    const other = await client.request("POST", pathOf(sessionId), { message: "two" }, key)
    expect(other.status).toBe(422)
    expect(
      (await messagesOf(sessionId)).map(({ content, role, runId }) => [role, content, runId]).slice(2),
    ).toEqual([
      ["user", "two", retry.runId],
      ["assistant", "", failed.runId],
      ["assistant", "Yes.", retry.runId],
    ])
    expect((await client.json("GET", `/api/v1/chat/runs/${failed.runId}`)).data.status).toBe("failed")
  })
})

describe("an invalid request", () => {
  const problemsOf = async (path: string, body: object) => {
    const answer = await client.request("POST", path, body)
    expect(answer.status).toBe(400)
    const { error } = (await answer.json()) as { error: { code: string; details: ReadonlyArray<object> } }
    expect(error.code).toBe("VALIDATION_FAILED")
    return error.details
  }

  it("is refused: a retry if nothing failed, a retry of another message, neither a message nor a retry", async () => {
    const first = await client.start("one")
    await first.rest()
    const path = pathOf(first.sessionId)
    expect(await problemsOf(path, { retry: true })).toEqual([
      { path: "payload.retry", message: "The message was answered: there is nothing to retry." },
    ])
    const { sessionId } = await broken({ status: 400 })
    expect(await problemsOf(pathOf(sessionId), { retry: true, message: "Two" })).toMatchObject([
      { path: "payload.retry" },
    ])
    for (const body of [{}, { retry: false }])
      expect(await problemsOf(path, body)).toEqual([{ path: "payload.message", message: "Missing key" }])
  })

  it.each(["", " \n\t ", "\u00a0\u3000", "\u200b\u200d\u2060\ufeff", "\u00ad\u3164\u2800"])(
    "is refused: the blank message %j",
    async (message) => {
      const [problem, ...others] = await problemsOf("/api/v1/chat/start", { agentId: defaultAgent, message })
      expect(problem).toMatchObject({ path: "payload.message" })
      expect(others).toEqual([])
    },
  )

  it.each(["\ud800", "a\udc00b", "\udc00\ud800"])("is refused: the lone surrogate of %j", async (message) => {
    expect(await problemsOf("/api/v1/chat/start", { agentId: defaultAgent, message })).toEqual([
      { path: "payload.message", message: "Expected well-formed Unicode" },
    ])
  })
})

describe("C5: an accepted message", () => {
  it.each(["👩‍👩‍👧‍👦", "\u202eabc", "é\u0301 \u0000 end", "0"])(
    "is stored and shown unchanged: %j",
    async (message) => {
      const stream = await client.start(message)
      expect((await stream.rest()).at(-1)?.event).toBe("done")
      expect(model.accepted.at(-1)).toEqual([{ role: "user", content: message }])
    },
  )
})

describe("an agent's own token budget", () => {
  it("takes precedence over the service's", async () => {
    const made = (await client.json("POST", "/api/v1/agents", { name: "Short", historyMaxTokens: 4 })).data
    expect(made.settings.historyMaxTokens).toBe(4)
    const first = await client.stream("POST", "/api/v1/chat/start", {
      agentId: made.id,
      message: "a question",
    })
    await first.rest()
    await (await client.send(first.sessionId, "another one")).rest()
    expect(model.accepted.at(-1)).toEqual([{ role: "user", content: "another one" }])
  })
})
