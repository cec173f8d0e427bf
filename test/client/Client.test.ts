import { SignJWT } from "jose"
import { describe, expect, it, vi } from "vitest"
import { CrossfadeError } from "../../src/client/CrossfadeError.ts"
import { eventually, tokenFor } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { testSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"
import { afterEvent, afterOpening, startCutProxy, within } from "../clients/cutProxy.ts"
import { eventsOf, slow } from "../clients/readers.ts"
import { openProxy } from "./openProxy.ts"
import { asking, clientOf, collect, logged, until } from "./reading.ts"

const world = useWorld({ SSE_HEARTBEAT_INTERVAL_MS: "70" })
const client = () => clientOf(world.gateway.url, world.client.token)

const hanging = { scenario: "hang", after: "text" }
const beforeFirstByte = /^/
const statusOf = async (runId: string) => (await world.run(runId)).status
const stopped = (runId: string) => eventually(async () => (await statusOf(runId)) !== "running", 10)

const refusalOf = async (promise: Promise<unknown>): Promise<CrossfadeError> => {
  const error = await promise.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(CrossfadeError)
  return error as CrossfadeError
}

describe("a turn", () => {
  it("is read from its opening to its end, every event as the gateway stores it", async () => {
    const events = await collect(client().start(asking({ scenario: "all" })))
    const { event, runId, sessionId } = events[0]!
    expect(event).toBe("open")
    expect(logged(events)).toEqual(await eventsOf(world, runId))
    expect(events.at(-1)).toMatchObject({ event: "done", sessionId, data: { sessionId, runId } })
  })

  it("continues a session, whose messages the client lists", async () => {
    const [{ sessionId } = { sessionId: "" }] = await collect(client().start(asking("one")))
    await collect(client().send(sessionId, { message: "two" }))
    const session = await client().session(sessionId)
    expect(session.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"])
    const { sessions } = await client().sessions({ limit: 1 })
    expect(sessions.map(({ id }) => id)).toEqual([sessionId])
    const { nextCursor } = await client().session(sessionId, { limit: 3 })
    const older = await client().session(sessionId, { limit: 3, cursor: nextCursor })
    expect(older.messages.map(({ content }) => content)).toEqual(["one"])
  })

  it("takes feedback on its answer, which the session shows until it is withdrawn", async () => {
    const events = await collect(client().start(asking("one")))
    const { data, event, sessionId } = events.at(-1)!
    if (event !== "done") throw new Error(`the turn ended with ${event}`)
    const { messageId } = data
    const given = await client().feedback(messageId, { rating: "down", comment: "no" })
    expect(given).toMatchObject({ messageId, rating: "down", score: null, comment: "no" })
    const shown = async () => (await client().session(sessionId)).messages.at(-1)?.feedback
    expect(await shown()).toEqual(given)
    expect(await client().withdrawFeedback(messageId)).toEqual({ messageId, withdrawn: true })
    expect(await client().withdrawFeedback(messageId)).toEqual({ messageId, withdrawn: false })
    expect(await shown()).toBeNull()
    const refused = await refusalOf(client().feedback(messageId, { score: 2 }))
    expect(refused.code).toBe("VALIDATION_FAILED")
  })

  it("is found by its words about a second after its end", async () => {
    const [{ sessionId } = { sessionId: "" }] = await collect(client().start(asking("Übersetze zebrafisch")))
    const search = () => client().search("ubersetze zebra", { limit: 5, archived: "all" })
    await vi.waitFor(async () => expect((await search()).results).toHaveLength(1), { timeout: 30_000 })
    const { hasMore, results } = await search()
    expect(hasMore).toBe(false)
    const { messages = [], title } = results.find((one) => one.sessionId === sessionId) ?? {}
    const { matches = [], role, text = "" } = messages.at(-1) ?? {}
    expect(role).toBe("user")
    expect(matches.map(({ end, start }) => text.slice(start, end))).toEqual(["Übersetze", "zebrafisch"])
    expect(title?.text).toBe("Übersetze zebrafisch")
    expect((await client().search("zebrafisch", { archived: "true" })).results).toEqual([])
    expect(await refusalOf(client().search("?!"))).toMatchObject({
      code: "VALIDATION_FAILED",
      status: 400,
      details: [{ path: "query.q", message: "Expected at least one letter, digit or emoji" }],
    })
  })

  it("is answered again after its failure", async () => {
    world.model.answers.push({ kind: "status", status: 400 })
    const failing = await collect(client().start(asking({ scenario: "error" })))
    const end = failing.at(-1)!
    expect(end.event).toBe("error")
    const again = await collect(client().retry(end.sessionId))
    expect(again.at(-1)).toMatchObject({ event: "done", sessionId: end.sessionId })
    expect(
      (await client().session(end.sessionId)).messages.filter(({ role }) => role === "user"),
    ).toHaveLength(1)
  })

  it("is refused with the code, the status and the wrong fields", async () => {
    const error = await refusalOf(collect(client().start({ agentId: "x", message: " " })))
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", status: 400 })
    expect(error.details?.map(({ path }) => path)).toEqual(["payload.agentId", "payload.message"])
  })
})

describe("a broken connection", () => {
  it("is resumed over three cuts, with every event once and one turn", async () => {
    const proxy = await startCutProxy(world.gateway.url, [afterOpening, within(4), afterEvent(7)])
    const retries: Array<string> = []
    const events = await collect(
      clientOf(proxy.url, world.client.token).start(asking(slow), {
        onRetry: ({ code }) => retries.push(code),
      }),
    )
    const { runId } = events[0]!
    expect(logged(events)).toEqual(await eventsOf(world, runId))
    expect(proxy.asked.map(({ lastEventId }) => lastEventId)).toEqual([
      undefined,
      undefined,
      `${runId}:3`,
      `${runId}:7`,
    ])
    expect(retries).toEqual(["CONNECTION_LOST", "CONNECTION_LOST", "CONNECTION_LOST"])
    expect((await world.log()).executions).toHaveLength(1)
    await proxy.stop()
  })

  it("before the first byte repeats the request, and the gateway starts one turn", async () => {
    const proxy = await startCutProxy(world.gateway.url, [beforeFirstByte, beforeFirstByte])
    const events = await collect(clientOf(proxy.url, world.client.token).start(asking(slow)))
    expect(proxy.asked.map(({ method }) => method)).toEqual(["POST", "POST", "POST"])
    expect(logged(events)).toEqual(await eventsOf(world, events[0]!.runId))
    expect((await world.log()).executions).toHaveLength(1)
    await proxy.stop()
  })

  it("is opened again after a silence", async () => {
    const proxy = await openProxy(world.gateway.url)
    proxy.stall(afterEvent(3))
    const failures: Array<string> = []
    const events = clientOf(proxy.url, world.client.token, { silenceMs: 300 }).start(asking(slow), {
      onRetry: ({ message }) => {
        failures.push(message)
        proxy.stall(undefined)
      },
    })
    const read = await collect(events)
    expect(logged(read)).toEqual(await eventsOf(world, read[0]!.runId))
    expect(failures).toEqual(["The connection was silent for 300 ms."])
    await proxy.stop()
  })

  it("to a restarted gateway is resumed, and the run ends as interrupted", async () => {
    const proxy = await openProxy(world.gateway.url)
    const events = clientOf(proxy.url, world.client.token).start(asking(hanging))
    const { runId } = await until(events, ({ event }) => event === "message")
    await world.restart()
    proxy.moveTo(world.gateway.url)
    const rest = await collect(events)
    expect(rest.at(-1)).toMatchObject({ event: "error", runId, data: { code: "RUN_INTERRUPTED" } })
    expect(new Set(rest.map(({ seq }) => seq)).size).toBe(rest.length)
    await proxy.stop()
  })

  it("ends with a typed error within the bound if it cannot be made again", async () => {
    const port = await freePort()
    const gone = clientOf(`http://127.0.0.1:${port}`, "x", { resumeForMs: 400 })
    expect(await refusalOf(collect(gone.start(asking("hello"))))).toMatchObject({ code: "CONNECTION_LOST" })
    expect(await refusalOf(gone.sessions())).toMatchObject({ code: "CONNECTION_LOST" })
  })
})

const expiring = (seconds: number) =>
  new SignJWT({ org_id: "acme", permissions: ["*"] })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ana")
    // The gateway accepts a token for 60 s more.
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds - 60)
    .sign(new TextEncoder().encode(testSecret))

describe("a token", () => {
  it("is asked for once, and again when the gateway refuses it", async () => {
    const given = [await expiring(-5), await tokenFor()]
    let calls = 0
    const renewing = clientOf(world.gateway.url, async () => given[calls++] ?? "none")
    const events = await collect(renewing.start(asking("hello")))
    await renewing.sessions()
    expect(events.at(-1)?.event).toBe("done")
    expect(calls).toBe(2)
  })

  it("is renewed when it expires in the middle of an answer, which continues", async () => {
    const given = [await expiring(4), await tokenFor()]
    let calls = 0
    const events = clientOf(world.gateway.url, () => given[calls++] ?? "none").start(asking(hanging), {
      onRetry: ({ code, runId = "" }) => {
        expect(code).toBe("AUTH_TOKEN_EXPIRED")
        void client().cancel(runId)
      },
    })
    const read = await collect(events)
    expect(read.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    expect(logged(read)).toEqual(await eventsOf(world, read[0]!.runId))
    expect(calls).toBe(2)
  })

  it("gives the gateway's error if it is refused for good", async () => {
    const fixed = clientOf(world.gateway.url, "not a token")
    expect(await refusalOf(fixed.sessions())).toMatchObject({ code: "AUTH_TOKEN_INVALID", status: 401 })
    const failing = clientOf(world.gateway.url, () => Promise.reject(new Error("signed out")))
    expect(await refusalOf(failing.sessions())).toMatchObject({ code: "TOKEN_UNAVAILABLE" })
  })
})

describe("an abort", () => {
  it("stops reading and cancels the run", async () => {
    const abort = new AbortController()
    const events = client().start(asking(hanging), { signal: abort.signal })
    const { runId } = await until(events, ({ event }) => event === "message")
    const rest = collect(events)
    const reason = new Error("enough")
    abort.abort(reason)
    await expect(rest).rejects.toBe(reason)
    await stopped(runId)
    expect(await statusOf(runId)).toBe("cancelled")
  })

  it("before the response cancels the run that the request has started", async () => {
    const proxy = await openProxy(world.gateway.url)
    proxy.stall(/^HTTP/)
    const abort = new AbortController()
    const slowClient = clientOf(proxy.url, world.client.token, { silenceMs: 500 })
    const reading = collect(
      slowClient.start(asking(hanging), { signal: abort.signal, idempotencyKey: "early" }),
    )
    await world.logged(({ executions }) => executions.length === 1)
    proxy.stall(undefined)
    abort.abort()
    await expect(reading).rejects.toThrow("aborted")
    await proxy.stop()
    const again = client().start(asking(hanging), { idempotencyKey: "early", detach: true })
    const { runId } = await until(again, ({ event }) => event === "open")
    await client().cancel(runId)
    await stopped(runId)
  })

  it("with `detach` leaves the run alone", async () => {
    const abort = new AbortController()
    const events = client().start(asking(slow), { signal: abort.signal, detach: true })
    const { runId } = await until(events, ({ event }) => event === "message")
    abort.abort()
    await expect(events.next()).rejects.toThrow("aborted")
    const rest = await collect(client().events(runId, { after: 2 }))
    expect(rest.map(({ seq }) => seq)).toEqual([
      2,
      ...Array.from({ length: rest.length - 1 }, (_, n) => n + 3),
    ])
    expect(rest.at(-1)?.event).toBe("done")
    expect(await statusOf(runId)).toBe("completed")
  })
})

describe("the events of a run", () => {
  it("end at once for a reader that has them all", async () => {
    const events = await collect(client().start(asking("hello")))
    const { runId, seq } = events.at(-1)!
    expect((await collect(client().events(runId, { after: seq }))).map(({ event }) => event)).toEqual([
      "open",
    ])
    expect((await client().run(runId)).status).toBe("completed")
  })
})
