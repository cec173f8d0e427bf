import { afterAll, beforeAll, expect, it } from "vitest"
import { Client, eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { startGateway } from "../support/processes.ts"
import { type Receiver, startReceiver, webhookEnv } from "../support/webhookReceiver.ts"
import { useWorld } from "../support/world.ts"

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver("json")
})
afterAll(() => receiver.stop())
const notifyEnv = () => ({ NOTIFY_WEBHOOKS: "oncall", ...webhookEnv("oncall", "json", receiver.url) })
const world = useWorld(() => ({ CHAT_EXECUTION_MODE: "direct_llm", ...notifyEnv() }))

const path = "/api/v1/runtime/autopilot"

/** Wide enough for the noise of a few hundred turns on one machine. */
const margins = {
  success: 0.2,
  firstTry: 0.2,
  repeats: 0.2,
  stops: 0.2,
  firstContentRatio: 100,
  totalRatio: 100,
  tokensRatio: 100,
}
const plan = {
  steps: [
    { percentage: 40, holdMs: 1000 },
    { percentage: 50, holdMs: 1000 },
    { percentage: 100, holdMs: 0 },
  ],
  margins,
}

// oxlint-disable-next-line typescript/no-explicit-any -- the state as the API shows it
const state = async (): Promise<any> => (await world.operator.json("GET", path)).data

// oxlint-disable-next-line typescript/no-explicit-any -- the state as the API shows it
const command = async (name: string, body?: unknown): Promise<any> =>
  (await world.operator.json("POST", `${path}${name}`, body)).data

/** `approve` is the older name of `promote`: both refuse in the same states. */
const expectNoPromotion = async (reason: RegExp): Promise<void> => {
  for (const name of ["promote", "approve"]) {
    const { error } = await world.operator.json("POST", `${path}/${name}`)
    expect(error).toMatchObject({ code: "AUTOPILOT_CONFLICT", message: expect.stringMatching(reason) })
  }
}

/** One direct answer in ten is slow, so that the limit for slow runs does not depend on the load of the machine. */
const answers = Array.from({ length: 100 }, (_, n) => ({
  kind: "text" as const,
  parts: ["direct ", "answer"],
  afterMs: n % 10 === 0 ? 500 : 0,
}))

/** Starts `count` new sessions; returns the mode of each answer. */
const turns = async (count: number): Promise<ReadonlyArray<string>> => {
  world.model.answers.splice(0, Infinity, ...answers)
  const modes: Array<string> = []
  const one = async () => {
    const stream = await world.client.start("hello")
    modes.push((await stream.rest()).at(-1)?.data.executionMode)
  }
  const worker = async (mine: number) => {
    for (let turn = 0; turn < mine; turn++) await one()
  }
  await Promise.all(Array.from({ length: 10 }, () => worker(count / 10)))
  return modes
}

/** Starts new sessions until the autopilot reaches the wanted state. */
// oxlint-disable-next-line typescript/no-explicit-any -- the state as the API shows it
const trafficUntil = async (wanted: (state: any) => boolean): Promise<any> => {
  for (let batch = 0; batch < 60; batch++) {
    const found = await state()
    if (wanted(found)) return found
    await turns(100)
  }
  throw new Error(`it did not come: ${JSON.stringify(await state())}`)
}

it("refuses an invalid plan with the paths of its fields, and commands that do not fit", async () => {
  expect(await state()).toBeNull()
  const wrong = await world.operator.json("POST", path, {
    steps: [
      { percentage: 60, holdMs: 0 },
      { percentage: 50, holdMs: -1 },
    ],
    margins: { success: 2, succes: 0.1 },
  })
  expect(wrong.error.code).toBe("VALIDATION_FAILED")
  const paths = wrong.error.details.map((problem: { path: string }) => problem.path)
  expect(paths).toContain("payload.steps.1.holdMs")
  expect(paths).toContain("payload.margins.success")
  expect(paths).toContain("payload.margins.succes")
  const falling = await world.operator.json("POST", path, { steps: [{ percentage: 60, holdMs: 0 }] })
  expect(falling.error.details).toMatchObject([{ path: "payload.steps.0.percentage" }])
  const response = await world.operator.request("POST", `${path}/pause`)
  expect(response.status).toBe(409)
  expect(await response.json()).toMatchObject({
    success: false,
    error: { code: "AUTOPILOT_CONFLICT", message: "Not now: there is no guarded rollout." },
  })
  const reader = new Client(world.gateway.url, await operatorToken(["operator:read"]))
  expect((await reader.json("GET", path)).success).toBe(true)
  expect((await reader.json("POST", path)).error.code).toBe("AUTH_PERMISSION_DENIED")
})

it("keeps its counts after a kill, pauses, resumes with new data, and ends by abort", async () => {
  const started = await command("", { ...plan, reason: "first try" })
  expect(started).toMatchObject({ status: "running", percentage: 40, next: { percentage: 50 } })
  expect(new Set(await turns(60))).toEqual(new Set(["direct_llm", "runtime_orchestrator"]))
  const seen = (await eventually(async () => {
    const { verdict } = await state()
    return verdict !== null && verdict.runs.treatment > 5 && verdict
  })) as { readonly runs: { readonly treatment: number; readonly control: number } }

  await world.gateway.stop("SIGKILL")
  world.gateway = await startGateway({
    DATA_DIR: world.folder.path,
    CHAT_EXECUTION_MODE: "direct_llm",
    RUNTIME_SERVICE_URL: world.runtime.url,
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", world.model.url),
    ...notifyEnv(),
  })
  world.client = new Client(world.gateway.url, await tokenFor())
  world.operator = new Client(world.gateway.url, await operatorToken())
  const after = await state()
  expect(after.percentage).toBe(40)
  expect(after.since).toBe(started.since)
  expect(after.verdict.runs.treatment).toBeGreaterThanOrEqual(seen.runs.treatment)
  expect(after.verdict.runs.control).toBeGreaterThanOrEqual(seen.runs.control)

  await expectNoPromotion(/it is (running|holding)/)
  expect(await command("/pause", { reason: "lunch" })).toMatchObject({ status: "paused", reason: "lunch" })
  await expectNoPromotion(/it is paused/)
  const resumed = await command("/resume")
  expect(resumed).toMatchObject({ status: "running", percentage: 40, verdict: null })
  expect(await command("/abort")).toMatchObject({ status: "aborted", percentage: 0, next: null })
  expect(new Set(await turns(20))).toEqual(new Set(["direct_llm"]))
  const audit = (await world.operator.json("GET", "/api/v1/runtime/audit")).data
  const entries: ReadonlyArray<{ readonly action: string }> = audit.entries.toReversed()
  const start = entries.findIndex(({ action }) => action === "autopilot.start")
  expect(entries[start]).toMatchObject({ reason: "first try", by: { userId: "olga" } })
  expect(entries.slice(start).map(({ action }) => action)).toEqual([
    "autopilot.start",
    "rollout.change",
    "autopilot.pause",
    "autopilot.resume",
    "autopilot.abort",
    "rollout.change",
  ])
})

it("raises the percentage when the runtime is as good, and past 50 % when an operator promotes it", async () => {
  await command("", plan)
  const raised = await trafficUntil(({ percentage }) => percentage === 50)
  expect(raised.history).toMatchObject([{ percentage: 40, verdict: { judgement: "as_good" } }])
  const { guardrails, sampleRatio } = raised.history[0].verdict
  expect(guardrails).toHaveLength(8)
  expect(sampleRatio).toMatchObject({ expected: 0.5, mismatch: false })
  const asks = await trafficUntil(({ status }) => status === "awaiting_approval")
  expect(asks).toMatchObject({ percentage: 50, next: { percentage: 100 } })
  expect(await command("/promote")).toMatchObject({ status: "completed", percentage: 100 })
  expect(new Set(await turns(20))).toEqual(new Set(["runtime_orchestrator"]))
}, 180_000)

it("has notified the people on call of each step of both rollouts, once", async () => {
  const kinds = [
    ...["started", "paused", "resumed", "aborted"],
    ...["started", "step", "awaiting_approval", "promoted", "completed"],
  ].map((kind) => `autopilot.${kind}`)
  await eventually(async () => receiver.received.length >= kinds.length)
  const received = receiver.notifications()
  expect(received.map(({ kind }) => kind)).toEqual(kinds)
  expect(new Set(received.map(({ id }) => id)).size).toBe(kinds.length)
  expect(received[0]).toMatchObject({ by: "olga of ops", reason: "first try", severity: "info" })
  expect(received[6]).toMatchObject({ by: null, severity: "action", data: { percentage: 50 } })
  expect(received[7]!.text).toBe("olga of ops promoted the rollout from 50 % to 100 %.")
})
