import { describe, expect, it } from "vitest"
import { eventually, ofType, textOf } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({
  // Longer than a reader needs to reconnect on a busy machine.
  CHAT_DETACH_GRACE_MS: "2000",
  SSE_HEARTBEAT_INTERVAL_MS: "150",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "5000",
  CHAT_STALL_TIMEOUT_MS: "5000",
})

/** A run's bytes without heartbeats: on a busy machine one reader may get a heartbeat and the other not. */
const bytesOf = ({ bytes }: { readonly bytes: Uint8Array }) =>
  Buffer.from(bytes).toString("latin1").replaceAll("event: heartbeat\ndata: null\n\n", "")

const slow = (count: number, delay_ms: number) => ({ scenario: "slow", count, delay_ms })

describe("the stream of a run", () => {
  it("has the headers of the contract and frames of exactly three lines", async () => {
    const stream = await world.client.start("hello")
    await stream.rest()
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-execution-mode": "runtime_orchestrator",
      "x-run-id": stream.runId,
      "x-session-id": stream.sessionId,
    })
    const text = Buffer.from(stream.bytes).toString()
    expect(text).not.toContain("\r")
    expect(text).not.toContain("[DONE]")
    for (const frame of text.split("\n\n").slice(1, -1)) {
      // On a busy machine a heartbeat may arrive in between.
      expect(frame).toMatch(
        /^(id: [0-9a-f-]{36}:\d+\nevent: (message|done)\ndata: \{.*\}|event: heartbeat\ndata: null)$/,
      )
    }
  })

  it("sends heartbeats without an id when idle", async () => {
    const frames = await (await world.client.start(slow(2, 500))).rest()
    const beats = frames.filter((frame) => frame.event === "heartbeat")
    expect(beats.length).toBeGreaterThanOrEqual(4)
    expect(beats[0]).toEqual({ id: undefined, seq: undefined, event: "heartbeat", data: null })
    expect(frames.filter((f) => f.seq !== undefined).map((f) => f.seq)).toEqual([1, 2, 3])
  })

  it("gives a second reader the same bytes, live and after the end", async () => {
    const first = await world.client.start(slow(6, 60))
    await first.until((frame) => frame.event === "message")
    const second = await world.client.events(first.runId)
    await Promise.all([first.rest(), second.rest()])
    const third = await world.client.events(first.runId)
    await third.rest()
    expect(bytesOf(first)).toContain("event: done")
    expect(bytesOf(second)).toBe(bytesOf(first))
    expect(bytesOf(third)).toBe(bytesOf(first))
  })

  it("gives a reader that reconnects exactly the missing events, at every place, live and stored", async () => {
    const first = await world.client.start(slow(5, 60))
    await first.until((frame) => frame.seq === 2)
    first.leave()
    const live = await world.client.events(first.runId, { "last-event-id": `${first.runId}:2` })
    const rest = await live.rest()
    const events = rest.filter((frame) => frame.event !== "heartbeat")
    expect(events.map((frame) => frame.seq)).toEqual([3, 4, 5, 6])
    const whole = await (await world.client.events(first.runId)).rest()
    for (let after = 0; after <= 6; after++) {
      const kept = await (await world.client.events(first.runId, {}, `?after=${after}`)).rest()
      expect(kept).toEqual(whole.slice(after))
    }
  })

  it("fault 16: a POST with Last-Event-ID resumes its run and never starts a second one", async () => {
    const first = await world.client.start(slow(5, 60))
    await first.until((frame) => frame.seq === 2)
    first.leave()
    const again = await world.client.start(slow(5, 60), { "last-event-id": `${first.runId}:2` })
    expect(again.runId).toBe(first.runId)
    const events = (await again.rest()).filter((frame) => frame.event !== "heartbeat")
    expect(events.map((frame) => frame.seq)).toEqual([3, 4, 5, 6])
    expect((await world.log()).executions).toHaveLength(1)
  })

  it("fault 16: L5: a reader that reads nothing slows neither the run nor other readers", async () => {
    const first = await world.client.start({ scenario: "burst", count: 2000, size: 2000 })
    const second = await world.client.events(first.runId)
    const frames = await second.rest()
    expect(ofType(frames, "text")).toHaveLength(2000)
    expect(frames.at(-1)?.event).toBe("done")
    expect(textOf(await first.rest())).toBe(textOf(frames))
  })

  it("ends a run that exceeds the size limit", async () => {
    const frames = await (await world.client.start({ scenario: "burst", count: 40_000, size: 2000 })).rest()
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "RUN_TOO_LARGE", recoverable: false },
    })
    const log = await world.logged(({ executions }) => executions[0]?.ended !== null)
    expect(["cancelled", "disconnected"]).toContain(log.executions[0]?.ended)
  })

  it("refuses an event id of another run, naming the field", async () => {
    const first = await world.client.start("one")
    await first.rest()
    const answer = await world.client.request("GET", `/api/v1/chat/runs/${first.runId}/events`, undefined, {
      "last-event-id": "00000000-0000-4000-8000-000000000009:3",
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      success: false,
      error: { code: "VALIDATION_FAILED", details: [{ path: "headers.last-event-id" }] },
    })
  })
})

describe("readers that leave", () => {
  it("fault 6: C4: the run is cancelled upstream after the grace, and the session is free again", async () => {
    const stream = await world.client.start(slow(100, 100))
    await stream.until((frame) => frame.seq === 2)
    const left = Date.now()
    stream.leave()
    const log = await world.logged(
      ({ cancels, executions }) => cancels.length > 0 && executions[0]?.ended !== null,
    )
    expect(Date.now() - left).toBeGreaterThan(1900)
    expect(log.cancels).toHaveLength(1)
    const run = await eventually(async () => {
      const found = await world.run(stream.runId)
      return found.status !== "running" && found
    })
    expect(run.status).toBe("cancelled")
    expect(run.attempts).toMatchObject([{ outcome: "neutral", code: "EXECUTION_CANCELLED" }])
    const next = await (await world.client.send(stream.sessionId, "are you there?")).rest()
    expect(next.at(-1)?.event).toBe("done")
  })

  it("a reader that returns within the grace keeps the run alive", async () => {
    const stream = await world.client.start(slow(10, 100))
    await stream.until((frame) => frame.seq === 1)
    stream.leave()
    await new Promise((done) => setTimeout(done, 200))
    const back = await world.client.events(stream.runId, { "last-event-id": `${stream.runId}:1` })
    const frames = await back.rest()
    expect(frames.at(-1)?.event).toBe("done")
    expect((await world.log()).cancels).toEqual([])
  })

  it("a cancel ends the run at once, keeps the shown text, and a second cancel does nothing", async () => {
    const stream = await world.client.start(slow(100, 50))
    await stream.until((frame) => frame.seq === 3)
    const cancel = () => world.client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    expect(await cancel()).toEqual({ success: true, data: { runId: stream.runId, cancelled: true } })
    const frames = await stream.rest()
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "EXECUTION_CANCELLED", recoverable: true },
    })
    expect(await cancel()).toEqual({ success: true, data: { runId: stream.runId, cancelled: false } })
    const messages = await world.messages(stream.sessionId)
    expect(messages[1]).toMatchObject({ role: "assistant", content: textOf(frames) })
    await world.logged(({ cancels }) => cancels.length === 1)
  })

  it("the next turn of a session waits for the last turn's cancel, which therefore cannot end it", async () => {
    const stream = await world.client.start(slow(100, 50))
    await stream.until((frame) => frame.seq === 2)
    await world.client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    const next = await (await world.client.send(stream.sessionId, slow(10, 20))).rest()
    expect(next.at(-1)).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect((await world.log()).cancels).toHaveLength(1)
  })

  it("a session runs one turn at a time", async () => {
    const stream = await world.client.start(slow(10, 50))
    await stream.until((frame) => frame.seq === 1)
    const second = await world.client.send(stream.sessionId, "at once")
    expect(second.response.status).toBe(409)
    await stream.rest()
    const third = await (await world.client.send(stream.sessionId, "afterwards")).rest()
    expect(third.at(-1)?.event).toBe("done")
  })
})
