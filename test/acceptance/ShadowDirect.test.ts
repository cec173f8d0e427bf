import { describe, expect, it } from "vitest"
import { eventually, textOf } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { useWorld } from "../support/world.ts"
import { type LedgerSum, figures, mismatches, report, sent, shadowed, turn } from "../support/shadowing.ts"

const judge = await startModel()

describe("runtime turns with direct mode in shadow", () => {
  const world = useWorld({
    ...shadowed,
    SHADOW_STORE_TEXT: "true",
    SHADOW_JUDGE_PROVIDER: "judge",
    DIRECT_LLM_PROVIDERS: "a,judge",
    ...providerEnv("judge", judge.url),
  })

  it("are compared and, if they differ, judged; texts are stored if that is configured", async () => {
    judge.answers.push({ kind: "text", parts: ["It is shorter.\n", "VERDICT: EQUAL"] })
    const stream = await turn(world, "hello")
    expect(textOf(stream.frames)).toBe("You said: hello")
    const found = await eventually(async () => {
      const [newest] = await mismatches(world, "?limit=1")
      return newest.judgement !== null && newest
    })
    expect(found).toMatchObject({
      runId: stream.runId,
      primaryMode: "runtime_orchestrator",
      shadowMode: "direct_llm",
      primary: { text: "You said: hello", tokens: null },
      shadow: { text: "direct answer", tokens: 42 },
      judgement: { verdict: "equal", tokens: 42 },
    })
    expect(judge.asked).toHaveLength(1)
    const said = await report(world)
    expect(said.judged).toEqual({ runtime_orchestrator: 0, direct_llm: 0, equal: 1, unclear: 0 })
    for (const ending of ["compared", "judged"])
      expect(said.ledger).toContainEqual({
        mode: "direct_llm",
        ending,
        runs: 1,
        tokens: 42,
        estimatedTokens: 0,
      })
  })

  it.each([
    ["hangs", { kind: "hang", parts: ["one moment"] }, "TIMEOUT_STALL"],
    ["floods", { kind: "flood", part: "x".repeat(1000) }, "SHADOW_FLOODED"],
    ["breaks off", { kind: "cut", parts: ["one moment"] }, "UPSTREAM_TRUNCATED"],
    ["fails", { kind: "status", status: 500 }, "UPSTREAM_UNAVAILABLE"],
  ] as const)("are whole while the shadow %s, which gets one request", async (_, answer, code) => {
    const [before, first] = [await figures(world), sent]
    const stream = await turn(world, "hello", () => void world.model.answers.push(answer))
    expect(textOf(stream.frames)).toBe("You said: hello")
    expect(await figures(world)).toEqual({ ...before, runtime: before.runtime + sent - first })
    const [found] = await mismatches(world, "?limit=1")
    expect(found).toMatchObject({ runId: stream.runId, shadow: { code } })
    expect(world.model.asked).toHaveLength(1)
    await eventually(async () => world.model.asked[0]?.closed)
  })

  it("end their shadow when the user cancels", async () => {
    world.model.answers.push({ kind: "hang", parts: [] })
    const stream = await world.client.start({ scenario: "hang", after: "text" })
    await stream.until((frame) => frame.data?.type === "text")
    await eventually(async () => world.model.asked.length === 1)
    await world.client.request("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    await eventually(async () => world.model.asked[0]?.closed)
    await eventually(async () =>
      (await report(world)).ledger.some(
        ({ ending, runs }: LedgerSum) => ending === "cancelled_primary" && runs === 1,
      ),
    )
  })
})

describe("turns that run in their own mode a second time", () => {
  const world = useWorld({ ...shadowed, CHAT_RUNTIME_SHADOW_AA_PERCENT: "100" })

  it("measure the noise of the report, and are no mismatches", async () => {
    const stream = await turn(world, "the same again")
    const said = await report(world)
    expect(said).toMatchObject({ pairs: 0, samePairs: 1 })
    const text = said.dimensions.find(({ dimension }: { dimension: string }) => dimension === "text")
    expect(text.noise).toMatchObject({ of: 1, hits: 1 })
    expect(await mismatches(world)).toEqual([])
    const { executions } = await world.log()
    expect(executions).toHaveLength(2)
    expect(executions.filter(({ body }) => body.metadata.shadow)).toMatchObject([
      { session_id: stream.runId },
    ])
    expect(executions.find(({ body }) => !body.metadata.shadow)?.session_id).toBe(stream.sessionId)
  })
})
