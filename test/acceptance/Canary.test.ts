/**
 * Each test writes a user's text to every store through the API, and then deletes a message, a session, a user or an
 * organisation. After the purge no file, table or key has the text. The freed bytes of the SQLite files do not have it
 * either.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, eventually, operatorToken, tokenFor, type Stream } from "../support/chatClient.ts"
import { placesOf } from "../support/everywhere.ts"
import { type Gateways, hasServices, useGateways } from "../support/gateways.ts"
import { type Running, startPython } from "../support/processes.ts"
import { shadowed } from "../support/shadowing.ts"
import { uploaded } from "../support/uploads.ts"

/** The words differ from their first letter on, because an index stores the common start of two words once. */
const wordOf = (place: string, scope: string): string => `${place}${scope}zqcanary`
const scopes = ["message", "session", "user", "organisation"] as const

const server = {
  id: "m",
  name: wordOf("server", "organisation"),
  endpoint: `https://mcp.example/${wordOf("endpoint", "organisation")}`,
  transport: "http",
  isConnected: true,
  availableTools: [],
  authConfig: { headers: { authorization: `Bearer ${wordOf("credential", "organisation")}` } },
}

let runtime: Running
const env: Record<string, string> = {
  ...shadowed,
  DIRECT_CACHE_ORGS: "acme",
  CHAT_RUNTIME_PROBES: "false",
  CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
  RATE_TOKENS_USER_PER_HOUR: "10000000",
}
beforeAll(async () => {
  runtime = await startPython({ pingMs: 50 })
  env["RUNTIME_SERVICE_URL"] = runtime.url
})
afterAll(() => runtime.stop("SIGKILL"))

const answerOf = async (stream: Stream): Promise<string> => {
  const last = (await stream.rest()).at(-1)
  expect(last).toMatchObject({ event: "done" })
  return last?.data.messageId
}

/** A turn with text in every field that a user can fill; its answer, in both modes, repeats it. */
const turn = async (its: Gateways, client: Client, scope: string, path: string, body: object) => {
  const text = `a question ${wordOf("question", scope)}`
  const answer = `an answer ${wordOf("answer", scope)}`
  its.model.answers.push({ kind: "text", parts: [answer] }, { kind: "text", parts: [answer] })
  const file = await uploaded(
    client,
    `a,b\n1,${wordOf("content", scope)}\n`,
    "text/csv",
    `${wordOf("filename", scope)}.csv`,
  )
  const message = { message: text, attachments: [{ fileId: file.fileId }] }
  const headers = { "idempotency-key": wordOf("key", scope) }
  const stream = await client.stream("POST", path, { ...body, ...message }, headers)
  const messageId = await answerOf(stream)
  const again = await client.stream("POST", `/api/v1/chat/messages/${messageId}/regenerate`, {
    mode: "runtime_orchestrator",
  })
  await answerOf(again)
  const feedback = { rating: "down", comment: wordOf("comment", scope) }
  await client.json("PUT", `/api/v1/chat/messages/${messageId}/feedback`, feedback)
  const { data } = await client.json("GET", `/api/v1/chat/messages/${messageId}`)
  return { messageId, questionId: data.parentMessageId as string, sessionId: stream.sessionId }
}

const search = async (client: Client, word: string): Promise<number> =>
  (await client.json("GET", `/api/v1/chat/search?q=${word}`)).data.results.length

/** Every answer of the API that may have text of the user. */
const answers = async (client: Client): Promise<string> => {
  const texts = await Promise.all(
    [
      "/api/v1/chat/sessions",
      "/api/v1/chat/sessions?archived=true",
      "/api/v1/files",
      "/api/v1/keys",
      "/api/v1/agents",
      "/metrics",
    ].map(async (path) => (await client.request("GET", path)).text()),
  )
  return texts.join("\n").toLowerCase()
}

/** Waits until the purge is over: the word is nowhere. */
const gone = async (its: Gateways, client: Client, scope: string) => {
  const word = wordOf("", scope)
  let places: ReadonlyArray<string> = []
  await eventually(async () => {
    places = await placesOf(its, word)
    return places.length === 0
  }, 15).catch(() => expect({ scope, places }).toEqual({ scope, places: [] }))
  expect(await answers(client)).not.toContain(word)
}

const erased = (client: Client, path: string) =>
  eventually(async () => {
    const { data } = await client.json("GET", `/api/v1/erasures/${path}`)
    return data.status === "completed"
  }, 20)

const deleteAll = async (its: Gateways) => {
  const [first] = its.clients
  const [, last = first] = its.clients
  if (first === undefined || last === undefined) throw new Error("no client")
  const agent = (
    await first.json("POST", "/api/v1/agents", {
      name: wordOf("name", "organisation"),
      systemPrompt: wordOf("prompt", "organisation"),
      mcpServers: [server],
    })
  ).data
  const start = { agentId: agent.id }
  const session = await turn(its, first, "session", "/api/v1/chat/start", start)
  const path = `/api/v1/chat/sessions/${session.sessionId}`
  await last.json("PATCH", path, { title: wordOf("title", "session") })
  const message = await turn(its, last, "message", path, {})
  const other = await turn(its, first, "user", "/api/v1/chat/start", start)
  await first.json("POST", "/api/v1/keys", { name: wordOf("apikey", "user") })
  await uploaded(first, `x ${wordOf("unused", "user")}`, "text/plain", `${wordOf("unusedname", "user")}.txt`)
  const [ben] = await its.as("acme", "ben")
  await turn(its, ben!, "organisation", "/api/v1/chat/start", start)
  // The search finds each of them, so the index has the words.
  for (const [client, scope] of [
    [last, "session"],
    [last, "message"],
    [last, "user"],
    [ben!, "organisation"],
  ] as const)
    await eventually(async () => (await search(client, wordOf("answer", scope))) > 0)
  for (const scope of scopes) expect(await placesOf(its, wordOf("", scope))).not.toEqual([])

  await last.json("DELETE", `/api/v1/chat/messages/${message.questionId}`)
  await gone(its, first, "message")
  expect(await search(last, wordOf("answer", "session"))).toBe(1)
  await first.json("DELETE", path)
  await gone(its, last, "session")
  expect(await search(first, wordOf("answer", "user"))).toBe(1)
  const admin = new Client(last.url, await tokenFor("acme", "adam"))
  await erased(admin, (await admin.json("DELETE", "/api/v1/users/ana")).data.id)
  await gone(its, last, "user")
  expect(await search(ben!, wordOf("answer", "organisation"))).toBe(1)
  await erased(admin, (await admin.json("DELETE", "/api/v1/organisations/acme")).data.id)
  await gone(its, ben!, "organisation")
  const operator = new Client(last.url, await operatorToken())
  const { entries } = (await operator.json("GET", "/api/v1/runtime/audit")).data
  expect(entries.map(({ action }: { readonly action: string }) => action)).toEqual(
    expect.arrayContaining(["user.erase", "user.erased", "organisation.erase", "organisation.erased"]),
  )
  return other
}

describe("deleted text", () => {
  const its = useGateways(env, 1)
  it("is in no file of a gateway with SQLite after the purge", () => deleteAll(its), 120_000)
})

describe.skipIf(!hasServices)("deleted text at two gateways", () => {
  const its = useGateways(env, 2)
  it("is in no table and no key after the purge", () => deleteAll(its), 120_000)
})
