import { describe, expect, it } from "vitest"
import { ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "4" })

const broken = { scenario: "error", code: "INTERNAL_ERROR", httpStatus: 500 }

describe("the breaker, over HTTP", () => {
  it("fault 14: moves only the failing organisation off the runtime, and a reset moves it back", async () => {
    const bad = await world.as("bad-org", "bo")
    for (const org of ["o1", "o2", "o3"]) {
      const good = await world.as(org, "gus")
      for (let turn = 0; turn < 3; turn++) await (await good.start("fine")).rest()
    }
    for (let turn = 0; turn < 6; turn++) await (await bad.start(broken)).rest()

    const status = (await world.operator.json("GET", "/api/v1/runtime/fallback/status")).data
    expect(status.state).toBe("closed")
    expect(status.orgs).toMatchObject([{ orgId: "bad-org", state: "open" }])
    expect(status.orgs[0].nextProbeAt).toBeGreaterThan(Date.now())

    const after = await bad.start("hello")
    const frames = await after.rest()
    expect(after.response.headers.get("x-execution-mode")).toBe("direct_llm")
    expect(ofType(frames, "fallback")).toEqual([])
    const other = await (await world.as("o1", "gus")).start("still here?")
    expect((await other.rest()).at(-1)?.data.executionMode).toBe("runtime_orchestrator")

    const metrics = (await world.operator.json("GET", "/api/v1/runtime/metrics/bad-org")).data
    expect(metrics).toMatchObject({ fallbackEnabled: true, windowMs: 300_000, runtime: { success: 0 } })
    expect(metrics.runtime.error).toBeGreaterThanOrEqual(4)
    expect(metrics.fallbackReason).toMatch(/error/i)

    await world.operator.json("POST", "/api/v1/runtime/fallback/reset", { orgId: "bad-org" })
    const back = await bad.start("hello again")
    expect((await back.rest()).at(-1)?.data.executionMode).toBe("runtime_orchestrator")
  })

  it("is reset for all organisations by a POST without a body, and refuses an invalid body", async () => {
    const path = "/api/v1/runtime/fallback/reset"
    expect(await world.operator.json("POST", path)).toMatchObject({
      success: true,
      data: { state: "closed" },
    })
    const wrong = await world.operator.json("POST", path, { orgId: 7 })
    expect(wrong.error).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path: "payload.orgId" }] })
  })

  it("applies an operator override at once, removes it, and records its author and effect", async () => {
    const path = "/api/v1/runtime/fallback/force"
    const modeOf = async (org: string) =>
      (await (await world.as(org, "gus")).start("hello")).response.headers.get("x-execution-mode")
    const order = { mode: "direct_llm", reason: "drill" }
    expect((await world.operator.json("POST", path, order)).data).toMatchObject({
      state: "forced_direct",
      share: 0,
      forced: { mode: "direct_llm", by: "olga of ops", reason: "drill", expiresAt: null },
    })
    expect(await modeOf("o1")).toBe("direct_llm")
    const metrics = await world.operator.json("GET", "/api/v1/runtime/metrics")
    expect(metrics.data).toMatchObject({
      fallbackEnabled: true,
      fallbackReason: "override by olga of ops: drill",
    })
    await world.operator.json("POST", path, { mode: "runtime_orchestrator", orgId: "o1", reason: "not so" })
    expect(await modeOf("o1")).toBe("direct_llm")
    await world.operator.json("POST", path, { mode: "none", reason: "over" })
    await world.operator.json("POST", path, { mode: "direct_llm", orgId: "o2", reason: "o2 only" })
    expect([await modeOf("o1"), await modeOf("o2"), await modeOf("o3")]).toEqual([
      "runtime_orchestrator",
      "direct_llm",
      "runtime_orchestrator",
    ])

    const history = (await world.operator.json("GET", "/api/v1/runtime/fallback/history?limit=4")).data
    expect(history.map((entry: { orgId: string | null; to: string }) => [entry.orgId, entry.to])).toEqual([
      ["o2", "forced_direct"],
      [null, "closed"],
      ["o1", "forced_runtime"],
      [null, "forced_direct"],
    ])
    const { entries } = (await world.operator.json("GET", "/api/v1/runtime/audit?limit=1")).data
    expect(entries).toMatchObject([
      {
        action: "fallback.force",
        by: { orgId: "ops", userId: "olga" },
        reason: "o2 only",
        before: { orgId: "o2", forced: null },
        after: { orgId: "o2", state: "forced_direct", forced: { mode: "direct_llm" } },
      },
    ])
    for (const orgId of ["o1", "o2"])
      await world.operator.json("POST", path, { mode: "none", orgId, reason: "over" })
  })

  it("refuses an operator override without a reason, with an unknown mode or with a time in the past", async () => {
    const refused = async (body: unknown) =>
      (await world.operator.json("POST", "/api/v1/runtime/fallback/force", body)).error.details.map(
        (problem: { path: string }) => problem.path,
      )
    expect(await refused({ mode: "direct", reason: "" })).toEqual(["payload.mode", "payload.reason"])
    expect(await refused({ mode: "direct_llm" })).toEqual(["payload.reason"])
    expect(await refused({ mode: "direct_llm", reason: "r", expiresAt: 5 })).toEqual(["payload.expiresAt"])
  })

  it("shows the fields of the contract for both modes", async () => {
    const { data, success } = await world.operator.json("GET", "/api/v1/runtime/metrics")
    expect(success).toBe(true)
    const fields = [
      "total",
      "success",
      "error",
      "timeout",
      "neutral",
      "cancelled",
      "avgLatencyMs",
      "p50LatencyMs",
      "p95LatencyMs",
      "p99LatencyMs",
      "errorRate",
      "timeoutRate",
    ]
    expect(Object.keys(data.direct).toSorted()).toEqual(fields.toSorted())
    expect(Object.keys(data.runtime).toSorted()).toEqual(fields.toSorted())
    expect(data).toMatchObject({ fallbackEnabled: false, fallbackReason: "", windowMs: 300_000 })
  })
})
