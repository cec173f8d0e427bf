import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { parse } from "../support/prometheusText.ts"

const longText = (n: number) => `${n} `.padEnd(100_000, "x")

/** A gateway with its own limits, and clients of it. */
const useGateway = (env: Readonly<Record<string, string>>) => {
  const folder = temporaryFolder()
  const made = {} as { gateway: Running; as: (org: string, user: string) => Promise<Client> }
  beforeAll(async () => {
    made.gateway = await startGateway({ DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm", ...env })
    made.as = async (org, user) => new Client(made.gateway.url, await tokenFor(org, user))
  })
  afterAll(async () => {
    await made.gateway.stop("SIGKILL")
    folder.dispose()
  })
  return made
}

const sessionOf = async (client: Client, turns: number): Promise<string> => {
  const first = await client.start(longText(1))
  await first.rest()
  for (let n = 2; n <= turns; n++) {
    const next = await client.stream("POST", `/api/v1/chat/sessions/${first.sessionId}`, {
      message: longText(n),
    })
    await next.rest()
  }
  return first.sessionId
}

/** Consecutive GETs whose answers are never read: the kernel buffers the first ones. */
const unread = (client: Client, path: string): Socket => {
  const socket = connect(Number(new URL(client.url).port), "127.0.0.1")
  socket.pause()
  const request = `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.token}\r\n\r\n`
  const timer = setInterval(() => socket.write(request), 50)
  return socket.on("close", () => clearInterval(timer))
}

describe("a page of a session", () => {
  const world = useGateway({})

  it("is bounded in bytes and entries, and consecutive pages neither overlap nor leave gaps", async () => {
    const client = await world.as("paged", "ana")
    const sessionId = await sessionOf(client, 12)
    const path = `/api/v1/chat/sessions/${sessionId}`
    const seen: Array<{ readonly id: string; readonly content: string }> = []
    let cursor: string | null = null
    let pages = 0
    do {
      const response = await client.request("GET", cursor === null ? path : `${path}?cursor=${cursor}`)
      const text = await response.text()
      expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024 + 2000)
      const { data } = JSON.parse(text)
      seen.unshift(...data.messages)
      expect(data.hasMore).toBe(data.nextCursor !== null)
      cursor = data.nextCursor
      pages += 1
    } while (cursor !== null)
    expect(pages).toBeGreaterThan(1)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(24)
    const questions = seen.filter((_, index) => index % 2 === 0).map(({ content }) => content)
    expect(questions).toEqual(Array.from({ length: 12 }, (_, n) => longText(n + 1).trim()))
    const three = (await client.json("GET", `${path}?limit=3`)).data
    expect(three.messages.map(({ id }: { id: string }) => id)).toEqual(seen.slice(-3).map(({ id }) => id))
  })

  it("is the whole session if it is small", async () => {
    const client = await world.as("small", "ana")
    const stream = await client.start("hi")
    await stream.rest()
    const { data } = await client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)
    expect(data.messages).toHaveLength(2)
    expect([data.nextCursor, data.hasMore]).toEqual([null, false])
    const run = (await client.json("GET", `/api/v1/chat/runs/${stream.runId}`)).data
    expect([run.nextCursor, run.hasMore]).toEqual([null, false])
  })
})

describe("an invalid cursor or limit", () => {
  const world = useGateway({})
  const lists = [
    "/api/v1/chat/sessions",
    "/api/v1/chat/sessions/:session",
    "/api/v1/chat/runs/:run",
    "/api/v1/agents",
    "/api/v1/keys",
    "/api/v1/runtime/audit",
    "/api/v1/runtime/fallback/history",
    "/api/v1/runtime/fallback/status",
    "/api/v1/runtime/shadow/mismatches",
  ]
  /** A list cursor of no path in this test. */
  const foreign = Buffer.from(`["other","00000000-0000-7000-8000-000000000000"]`).toString("base64url")

  it.each(lists)("is refused by %s, which names the field and the allowed values", async (list) => {
    const user = new Client(world.gateway.url, await tokenFor("bad", "ana"))
    const client = list.startsWith("/api/v1/runtime") ? new Client(user.url, await operatorToken()) : user
    const stream = await user.start("hi")
    await stream.rest()
    const path = list.replace(":session", stream.sessionId).replace(":run", stream.runId)
    expect((await client.request("GET", path)).status).toBe(200)
    for (const cursor of ["", "x", "%00", "..%2f", foreign, "a".repeat(3000)]) {
      const response = await client.request("GET", `${path}?cursor=${cursor}`)
      const { error } = (await response.json()) as { error: unknown }
      expect([cursor, response.status, error]).toMatchObject([
        cursor,
        400,
        {
          code: "VALIDATION_FAILED",
          details: [{ path: "query.cursor", message: "Expected the nextCursor of a page of this list" }],
        },
      ])
    }
    for (const limit of ["", "0", "-1", "1.5", "1e2", "1000000", "abc", "NaN", "99999999999999999999"]) {
      const response = await client.request("GET", `${path}?limit=${limit}`)
      const { error } = (await response.json()) as {
        error: { details: Array<{ path: string; message: string }> }
      }
      expect([limit, response.status, error.details[0]?.path]).toEqual([limit, 400, "query.limit"])
      expect(error.details[0]?.message).toMatch(/^Expected a whole number from 1 to \d+$/)
    }
  })
})

describe("the rate limit of reads", () => {
  const world = useGateway({ RATE_LIMIT_READS_USER_PER_MIN: "20", RATE_LIMIT_READS_ORG_PER_MIN: "30" })
  const reads = (client: Client, count: number, path = "/api/v1/chat/sessions") =>
    Promise.all(Array.from({ length: count }, () => client.request("GET", path)))
  const codeOf = async (response: Response) =>
    ((await response.json()) as { error: { code: string } }).error.code

  it("applies to a user and to an organisation, and states when to try again", async () => {
    const ana = await world.as("reads", "ana")
    const answers = await reads(ana, 25)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(4)
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await codeOf(refused[0]!)).toBe("RATE_LIMIT_USER")
    const bob = await reads(await world.as("reads", "bob"), 15)
    expect(await codeOf(bob.find(({ status }) => status === 429)!)).toBe("RATE_LIMIT_ORG")
    const samples = parse(await (await ana.request("GET", "/metrics")).text())
    const counted = samples.filter(({ name, value }) => name === "crossfade_reads_refused_total" && value > 0)
    expect(counted.map(({ labels }) => labels["reason"])).toEqual(["user_rate", "org_rate"])
    expect((await reads(await world.as("other", "ana"), 1))[0]?.status).toBe(200)
  })

  it("applies to changes of sessions, messages, feedback and files", async () => {
    const client = await world.as("writes", "ana")
    await reads(client, 25)
    const id = crypto.randomUUID()
    for (const [method, path, body] of [
      ["PATCH", `/api/v1/chat/sessions/${id}`, { pinned: true }],
      ["DELETE", `/api/v1/chat/sessions/${id}`],
      ["POST", `/api/v1/chat/sessions/${id}/restore`],
      ["DELETE", `/api/v1/chat/messages/${id}`],
      ["POST", `/api/v1/chat/messages/${id}/restore`],
      ["PUT", `/api/v1/chat/messages/${id}/feedback`, { rating: "up" }],
      ["DELETE", `/api/v1/chat/messages/${id}/feedback`],
      ["DELETE", `/api/v1/files/${id}`],
      ["POST", `/api/v1/files/${id}/ticket`],
      ["DELETE", `/api/v1/users/${id}`],
      ["DELETE", "/api/v1/organisations/writes"],
    ] as const) {
      const answer = await client.request(method, path, body)
      expect([method, path, answer.status, await codeOf(answer)]).toEqual([
        method,
        path,
        429,
        "RATE_LIMIT_USER",
      ])
    }
  })

  it("counts reads apart from turns", async () => {
    const client = await world.as("turns", "ana")
    await reads(client, 25)
    const post = await client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message: "hi" })
    expect(post.status).toBe(200)
    await post.body?.cancel()
  })
})

describe("an organisation's quota", () => {
  const world = useGateway({ MAX_AGENTS_PER_ORG: "2", MAX_SESSIONS_PER_ORG: "3", MAX_STORED_MB_PER_ORG: "1" })
  const errorOf = async (response: Response) =>
    ((await response.json()) as { error: { code: string; message: string } }).error
  const begin = async (client: Client, message: string, sessionId?: string) => {
    const path = sessionId === undefined ? "start" : `sessions/${sessionId}`
    return client.request("POST", `/api/v1/chat/${path}`, {
      message,
      ...(sessionId === undefined ? { agentId: defaultAgent } : {}),
    })
  }

  it("bounds its agents", async () => {
    const client = await world.as("agents", "ana")
    const make = () => client.request("POST", "/api/v1/agents", { name: "A" })
    expect([(await make()).status, (await make()).status]).toEqual([200, 200])
    const refused = await make()
    expect(refused.status).toBe(403)
    expect(await errorOf(refused)).toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: expect.stringContaining("2 agents"),
    })
    const other = await world.as("others", "ana")
    expect((await other.request("POST", "/api/v1/agents", { name: "A" })).status).toBe(200)
  })

  it("bounds its sessions; existing ones continue", async () => {
    const client = await world.as("sessions", "ana")
    const streams = []
    for (let n = 0; n < 3; n++) {
      const stream = await client.start("hi")
      await stream.rest()
      streams.push(stream)
    }
    const refused = await begin(client, "one more")
    expect([refused.status, await errorOf(refused)]).toMatchObject([403, { code: "QUOTA_EXCEEDED" }])
    const on = await begin(client, "go on", streams[0]!.sessionId)
    expect(on.status).toBe(200)
    await on.text()
  })

  it("bounds the bytes of its messages", async () => {
    const client = await world.as("bytes", "ana")
    const first = await client.start(longText(1))
    await first.rest()
    let refused: Response | undefined
    for (let n = 2; refused === undefined && n < 15; n++) {
      const response = await begin(client, longText(n), first.sessionId)
      if (response.status === 200) await response.text()
      else refused = response
    }
    expect(refused?.status).toBe(403)
    expect((await errorOf(refused!)).message).toContain("1048576 bytes of messages")
    expect((await client.request("GET", `/api/v1/chat/sessions/${first.sessionId}`)).status).toBe(200)
  }, 30_000)
})

describe("unread answers", () => {
  const cap = 1024 * 1024
  const world = useGateway({ MAX_ANSWER_BYTES_IN_FLIGHT: String(cap) })
  const inFlight = async () => {
    const text = await (await fetch(`${world.gateway.url}/metrics`)).text()
    return Number(/^crossfade_answer_bytes_in_flight(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1])
  }

  it("are refused beyond the cap, except small ones, and closing the connections frees the room", async () => {
    const client = await world.as("unread", "ana")
    const path = `/api/v1/chat/sessions/${await sessionOf(client, 6)}`
    const sockets = [unread(client, path), unread(client, path)]
    // Until the kernel buffers no more of the first one's answers.
    await eventually(async () => {
      const response = await client.request("GET", path)
      const body = (await response.json()) as { error?: { code: string } }
      if (response.status === 200) return false
      expect([response.status, body.error?.code]).toEqual([503, "OVERLOADED"])
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(response.headers.get("x-request-id")).toBeTruthy()
      return true
    }, 30)
    const held = await inFlight()
    expect(held).toBeGreaterThan(cap / 2)
    expect(held).toBeLessThanOrEqual(cap)
    expect((await fetch(`${world.gateway.url}/api/v1/health`)).status).toBe(200)
    for (const socket of sockets) socket.destroy()
    await eventually(async () => (await inFlight()) === 0)
    expect((await client.request("GET", path)).status).toBe(200)
  }, 60_000)
})
