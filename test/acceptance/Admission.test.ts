import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, eventually, type Stream, tokenFor } from "../support/chatClient.ts"

import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({
  CHAT_EXECUTION_MODE: "direct_llm",
  CHAT_DETACH_GRACE_MS: "600000",
  RATE_LIMIT_USER_PER_MIN: "1000",
  RATE_LIMIT_ORG_PER_MIN: "1000",
  MAX_STREAMS_PER_USER: "5",
  MAX_STREAMS_PER_ORG: "50",
  MAX_STREAMS: "120",
})

const times = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, index) => make(index))

/** Streams of a run that sends one word and then hangs. */
const hanging = async (client: Client, count: number): Promise<ReadonlyArray<Stream>> => {
  world.model.answers.push({ kind: "hang", parts: ["word"] })
  const first = await client.start("hang")
  await first.until((frame) => frame.event === "message")
  const more = await Promise.all(times(count - 1, () => client.events(first.runId)))
  return [first, ...more]
}

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { readonly error: { readonly code: string } }).error.code
const post = (client: Client, message = "hi", headers: Record<string, string> = {}) =>
  client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message }, headers)
const read = (client: Client, runId: string) => client.request("GET", `/api/v1/chat/runs/${runId}/events`)

/** True if the client may open `count` streams on the run; it leaves all of them again. */
const hasRoomFor = async (client: Client, runId: string, count: number): Promise<boolean> => {
  const streams = await Promise.all(times(count, () => client.events(runId)))
  for (const stream of streams) stream.leave()
  return streams.every(({ response }) => response.status === 200)
}

describe("open streams", () => {
  it("L6: refuses a user's sixth stream, by POST and by GET, and not another user's", async () => {
    const client = await world.as("six", "ana")
    const streams = await hanging(client, 5)
    for (const refused of [await read(client, streams[0]!.runId), await post(client)]) {
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(await codeOf(refused)).toBe("SSE_CONNECTION_LIMIT")
    }
    expect((await post(await world.as("six", "bob"))).status).toBe(200)
    expect((await client.json("GET", "/api/v1/chat/sessions")).data.sessions).toHaveLength(1)
    for (const stream of streams) stream.leave()
  })

  it("L6: refuses an organisation's 51st stream, and not another organisation's", async () => {
    const users = await Promise.all(times(10, (index) => world.as("fifty", `user ${index}`)))
    const streams = (await Promise.all(users.map((user) => hanging(user, 5)))).flat()
    const refused = await post(await world.as("fifty", "one more"))
    expect([refused.status, await codeOf(refused)]).toEqual([429, "SSE_CONNECTION_LIMIT"])
    expect((await post(await world.as("other", "ana"))).status).toBe(200)
    for (const stream of streams) stream.leave()
  })

  it.each(["FIN", "RST"])("L6: a place is free again within a second after a %s", async (how) => {
    const client = await world.as("abrupt", how)
    const [stream] = await hanging(client, 1)
    const path = `/api/v1/chat/runs/${stream!.runId}/events`
    const sockets = await Promise.all(
      times(4, () => {
        const socket = connect(Number(new URL(client.url).port), "127.0.0.1")
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.token}\r\n\r\n`)
        return new Promise<typeof socket>((done) => socket.once("data", () => done(socket)))
      }),
    )
    expect((await read(client, stream!.runId)).status).toBe(429)
    for (const socket of sockets) {
      if (how === "FIN") socket.end()
      else socket.resetAndDestroy()
    }
    await eventually(() => hasRoomFor(client, stream!.runId, 4), 1)
    stream!.leave()
  })

  it("L6: C4: leaves no stream open after 400 requests that are aborted at random points", async () => {
    const client = await world.as("aborts", "ana")
    const [stream] = await hanging(client, 1)
    for (let round = 0; round < 20; round++) {
      const aborted = times(20, async (index) => {
        const abort = new AbortController()
        const asked =
          index % 2 === 0
            ? fetch(`${client.url}/api/v1/chat/runs/${stream!.runId}/events`, {
                headers: { authorization: `Bearer ${client.token}` },
                signal: abort.signal,
              })
            : fetch(`${client.url}/api/v1/chat/start`, {
                method: "POST",
                headers: { authorization: `Bearer ${client.token}`, "content-type": "application/json" },
                // Every second request is refused after its admission.
                body: JSON.stringify({
                  agentId: index % 4 === 1 ? defaultAgent : stream!.runId,
                  message: "x",
                }),
                signal: abort.signal,
              })
        setTimeout(() => abort.abort(), (index * round) % 15)
        await asked.then((response) => response.text()).catch(() => undefined)
      })
      await Promise.all(aborted)
    }
    // With the hanging one these are all five places: aborted requests have lost none.
    await eventually(() => hasRoomFor(client, stream!.runId, 4))
    stream!.leave()
  })
})

describe("the rate limit of turns", () => {
  const folder = temporaryFolder()
  let gateway: Running
  let as: (org: string, user: string) => Promise<Client>
  beforeAll(async () => {
    gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "direct_llm",
      CORS_ALLOWED_ORIGINS: "https://app.example",
      RATE_LIMIT_USER_PER_MIN: "20",
      RATE_LIMIT_ORG_PER_MIN: "30",
      MAX_STREAMS: "1000",
    })
    as = async (org, user) => new Client(gateway.url, await tokenFor(org, user))
  })
  afterAll(async () => {
    await gateway.stop("SIGKILL")
    folder.dispose()
  })

  it("X9: lets a loop of 1000 turns start only the user's limit per minute, within 5 %", async () => {
    const client = await as("loop", "ana")
    const started = Date.now()
    const answers = await Promise.all(times(1000, () => post(client)))
    const minutes = (Date.now() - started) / 60_000
    const begun = answers.filter(({ status }) => status === 200).length
    expect(begun).toBeGreaterThanOrEqual(20)
    expect(begun).toBeLessThanOrEqual(20 + Math.ceil(20 * minutes * 1.05))
    const refused = answers.find(({ status }) => status === 429)!
    expect(await codeOf(refused)).toBe("RATE_LIMIT_USER")
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    expect((await client.json("GET", "/api/v1/chat/sessions?limit=100")).data.sessions).toHaveLength(begun)
  })

  it("X9: shares the organisation's limit among its users, and not with other organisations", async () => {
    const users = await Promise.all(times(3, (index) => as("shared", `user ${index}`)))
    const answers = (await Promise.all(users.map((user) => Promise.all(times(15, () => post(user)))))).flat()
    const codes = await Promise.all(answers.filter(({ status }) => status === 429).map(codeOf))
    expect(new Set(codes)).toEqual(new Set(["RATE_LIMIT_ORG"]))
    expect((await post(await as("another", "ana"))).status).toBe(200)
  })

  it("is stated in the headers of every answer to a POST, and browsers may read them", async () => {
    const client = await as("told", "ana")
    const first = await post(client, "hi", { origin: "https://app.example" })
    const headersOf = ({ headers }: Response) =>
      ["limit", "remaining", "reset"].map((name) => Number(headers.get(`x-ratelimit-${name}`)))
    expect(headersOf(first)).toEqual([20, 19, 3])
    expect(first.headers.get("access-control-expose-headers")).toContain("x-ratelimit-remaining")
    const missing = await client.request("POST", "/api/v1/chat/start", {
      agentId: "00000000-0000-4000-8000-00000000dead",
      message: "hi",
    })
    expect([missing.status, headersOf(missing)[1]]).toEqual([404, 18])
  })

  it("does not count a reconnect to a run", async () => {
    const client = await as("back", "ana")
    const first = await client.start("hi")
    await first.rest()
    const answers = await Promise.all(
      times(100, () => post(client, "hi", { "last-event-id": `${first.runId}:1` })),
    )
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    expect(answers.some(({ status, headers }) => headers.has("x-ratelimit-limit") || status === 503)).toBe(
      false,
    )
    // One place is refilled every three seconds.
    const left = Number((await post(client)).headers.get("x-ratelimit-remaining"))
    expect(left).toBeGreaterThanOrEqual(18)
  })
})

describe("more requests than a process can serve", () => {
  it("L3: accepts or refuses 2000 concurrent POSTs, with Retry-After, and keeps every accepted message", async () => {
    const users = await Promise.all(times(400, (index) => world.as(`many ${index % 40}`, `user ${index}`)))
    // No answer ends before the last request has arrived, so that there is no room for all.
    let everybodyCame = () => {}
    const until = new Promise<void>((come) => (everybodyCame = come))
    world.model.answers.push(...times(2000, () => ({ kind: "text", parts: ["word"], until }) as const))
    const responses = await Promise.all(times(2000, (index) => post(users[index % 400]!)))
    everybodyCame()
    world.model.answers.length = 0
    const answers = await Promise.all(
      responses.map(async (response, index) => {
        return { client: users[index % 400]!, response, body: await response.text() }
      }),
    )
    const taken = answers.filter(({ response }) => response.status === 200)
    const refused = answers.filter(({ response }) => response.status !== 200)
    expect(taken.length).toBeGreaterThan(0)
    expect(refused.length).toBeGreaterThan(0)
    for (const { body, response } of refused) {
      expect([429, 503]).toContain(response.status)
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(["OVERLOADED", "SSE_CONNECTION_LIMIT"]).toContain(JSON.parse(body).error.code)
    }
    // On a busy machine a turn may end in an error: sent once, and stored as sent.
    const terminalOf = (body: string) => body.match(/(?<=\nevent: )(done|error)(?=\n)/g)
    const seen = taken.map(({ body }) => terminalOf(body)?.join())
    const kept = await Promise.all(
      taken.map(async ({ client, response }) => {
        const run = await client.json("GET", `/api/v1/chat/runs/${response.headers.get("x-run-id")}`)
        return run.data.status === "completed"
          ? "done"
          : run.data.status === "failed"
            ? "error"
            : run.data.status
      }),
    )
    expect(kept).toEqual(seen)
    expect(seen).toContain("done")
    // Four thousand requests take about ten seconds, and more on a shared machine.
  }, 120_000)
})
