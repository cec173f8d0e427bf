import { describe, expect, it } from "vitest"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import { type Client, eventually, ofType } from "../support/chatClient.ts"
import { Load } from "../support/userLoad.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({
  CHAT_RUNTIME_PROBES: "true",
  CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "10",
  // The wait for answers that had begun.
  CHAT_STALL_TIMEOUT_MS: "5000",
})

/** For the breaker's own delays; the test's own limit is longer. */
const patienceS = 60

// oxlint-disable-next-line typescript/no-explicit-any -- as the API shows it
const status = async (): Promise<any> =>
  (await world.operator.json("GET", "/api/v1/runtime/fallback/status")).data

const untilState = (state: string) => eventually(async () => (await status()).state === state, patienceS)

/** The states of one scope, oldest first. */
const historyOf = async (scope: string | null): Promise<ReadonlyArray<string>> => {
  const { data } = await world.operator.json("GET", "/api/v1/runtime/fallback/history?limit=1000")
  const entries: ReadonlyArray<{ orgId: string | null; to: string }> = data
  return entries.flatMap(({ orgId, to }) => (orgId === scope ? [to] : [])).toReversed()
}

const conditions = (changed: object) =>
  fetch(`${world.runtime.url}/test/conditions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(changed),
  })

/** Users of `orgs` organisations (org-0, org-1, …), several turns a second, until `finish`. */
const usersOf = (orgs: number): Load => {
  const scenario = { name: "users", turnsPerSecond: 6, seconds: 600, orgs, errorRate: 0, faults: [] }
  return new Load(world.gateway.url, ScenarioRun.arrivals(scenario, 1))
}

const order = (body: object) => world.operator.json("POST", "/api/v1/runtime/fallback/force", body)

/** The mode that was decided for one turn, which must be answered. */
const modeOf = async (client: Client): Promise<string | null> => {
  const stream = await client.start("hello")
  const frames = await stream.rest()
  expect(frames.at(-1)?.event).toBe("done")
  expect(ofType(frames, "fallback")).toEqual([])
  return stream.response.headers.get("x-execution-mode")
}

describe("a runtime that hangs", () => {
  it(
    "loses no answer; the breaker opens, stays open when the gateway is killed, and closes when the runtime recovers",
    { timeout: 120_000 },
    async () => {
      // Enough first progress for a limit that is learned from this runtime.
      const users = usersOf(6)
      for (let batch = 0; batch < 10; batch++) {
        await Promise.all(Array.from({ length: 20 }, async () => (await world.client.start("hello")).rest()))
      }
      expect((await status()).firstProgressLimitMs).toBe(5000)

      process.kill(world.runtime.pid, "SIGSTOP")
      try {
        await untilState("open")
        const opened = performance.now()
        await eventually(
          async () => users.chats.filter(({ begunAt }) => begunAt > opened).length >= 3,
          patienceS,
        )
        await users.finish()
        const { chats } = users
        expect(chats.filter(({ answered }) => !answered)).toEqual([])
        expect(chats.filter(({ moved }) => moved).length).toBeGreaterThanOrEqual(10)
        const after = chats.filter(({ begunAt }) => begunAt > opened)
        expect(after.filter(({ decided, moved }) => moved || decided !== "direct_llm")).toEqual([])

        await world.restart()
        expect((await status()).state).toBe("open")
        expect(await modeOf(world.client)).toBe("direct_llm")
      } finally {
        process.kill(world.runtime.pid, "SIGCONT")
      }
      const others = usersOf(6)
      await untilState("closed")
      await others.finish()
      expect(others.chats.filter(({ answered }) => !answered)).toEqual([])
      expect(await modeOf(world.client)).toBe("runtime_orchestrator")
      const states = await historyOf(null)
      expect(states.slice(states.lastIndexOf("open"))).toEqual(["open", "ramp", "ramp", "ramp", "closed"])
    },
  )
})

describe("a runtime that fails one organisation", () => {
  it("moves this one to direct mode, and the others stay", { timeout: 90_000 }, async () => {
    await conditions({ failing_org: "org-0" })
    const users = usersOf(5)
    await eventually(
      async () => (await status()).orgs.some((org: { orgId: string }) => org.orgId === "org-0"),
      patienceS,
    )
    const opened = performance.now()
    await eventually(
      async () => users.chats.some(({ begunAt, orgId }) => orgId === "org-0" && begunAt > opened),
      patienceS,
    )
    await users.finish()
    const { chats } = users
    expect(await status()).toMatchObject({ state: "closed", orgs: [{ orgId: "org-0", state: "open" }] })
    expect(chats.filter(({ answered }) => !answered)).toEqual([])
    const after = chats.filter(({ begunAt, orgId }) => orgId === "org-0" && begunAt > opened)
    expect(after.filter(({ decided, moved }) => moved || decided !== "direct_llm")).toEqual([])
    const others = chats.filter(({ orgId }) => orgId !== "org-0")
    expect(others.length).toBeGreaterThan(10)
    expect(others.filter(({ decided, moved }) => moved || decided !== "runtime_orchestrator")).toEqual([])
  })
})

describe("an operator override", () => {
  it("for all organisations sends no turn to the runtime from its answer on, until it expires", async () => {
    const users = usersOf(4)
    await eventually(async () => users.chats.length > 0, patienceS)
    // Longer than the decision of a turn takes on a busy machine.
    const expiresAt = Date.now() + 4000
    const { data } = await order({ mode: "direct_llm", reason: "a drill", expiresAt })
    const answered = performance.now()
    expect(data).toMatchObject({ state: "forced_direct", forced: { expiresAt, reason: "a drill" } })
    await untilState("closed")
    const over = performance.now()
    await eventually(async () => users.chats.some(({ begunAt }) => begunAt > over), patienceS)
    await users.finish()
    const endsAt = expiresAt - performance.timeOrigin
    const decidedFor = (from: number, to: number) =>
      users.chats.filter(({ begunAt, decidedAt }) => begunAt >= from && decidedAt < to)
    expect(users.chats.filter(({ answered }) => !answered)).toEqual([])
    const held = decidedFor(answered, endsAt)
    expect(held.length).toBeGreaterThan(0)
    expect(held.filter(({ decided }) => decided !== "direct_llm")).toEqual([])
    expect(decidedFor(over, Infinity).filter(({ decided }) => decided === "direct_llm")).toEqual([])
    expect((await historyOf(null)).slice(-2)).toEqual(["forced_direct", "closed"])
  })

  it("for one organisation leaves the others alone, survives a kill right after its answer, and ends when it is removed", async () => {
    await order({ mode: "direct_llm", orgId: "ordered", reason: "a drill" })
    await world.restart()
    const again = [await world.as("ordered", "ana"), await world.as("other", "ana")] as const
    expect(await modeOf(again[0])).toBe("direct_llm")
    expect(await modeOf(again[1])).toBe("runtime_orchestrator")
    expect(await status()).toMatchObject({
      state: "closed",
      orgs: [{ orgId: "ordered", state: "forced_direct", forced: { reason: "a drill", expiresAt: null } }],
    })
    await order({ mode: "none", orgId: "ordered", reason: "enough" })
    expect(await modeOf(again[0])).toBe("runtime_orchestrator")
    expect((await status()).orgs).toEqual([])
    await eventually(async () => (await historyOf("ordered")).length === 2)
    expect(await historyOf("ordered")).toEqual(["forced_direct", "closed"])
  })

  it("for one organisation expires by itself, and the history records it", async () => {
    const client = await world.as("for-a-while", "ana")
    const expiresAt = Date.now() + 2000
    await order({ mode: "direct_llm", orgId: "for-a-while", reason: "a drill", expiresAt })
    await eventually(async () => (await modeOf(client)) === "runtime_orchestrator", patienceS)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt)
    await eventually(async () => (await historyOf("for-a-while")).length === 2)
    expect(await historyOf("for-a-while")).toEqual(["forced_direct", "closed"])
  })
})
