/** `crossfade autopilot status` in each state: its exit code, as in Argo Rollouts, and its text. */
import { createServer } from "node:http"
import { once } from "node:events"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { AutopilotView } from "../../src/api/AutopilotApi.ts"
import type { AutopilotStatus } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import { judge } from "../../src/rollout/Verdict.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { stateLines } from "../../src/cli/AutopilotText.ts"
import { crossfade } from "./commandLine.ts"

const at = Date.parse("2026-11-30T12:00:00Z")
const view = (status: AutopilotStatus): AutopilotView => ({
  plan: defaultAutopilotPlan,
  status,
  reason: "a reason",
  step: 0,
  percentage: 1,
  applied: true,
  before: 0,
  since: at,
  notBefore: at,
  gaps: [],
  setbacks: 0,
  startedAt: at,
  verdict: null,
  history: [],
  next: null,
})

/** The first part of the path is the state that the service reports. */
const service = createServer(({ url = "" }, response) => {
  const status = url.split("/")[1] ?? ""
  response.setHeader("content-type", "application/json")
  const data = status === "none" ? null : { ...view("running"), status }
  response.end(JSON.stringify({ success: true, data }))
})
let origin: string

beforeAll(async () => {
  await once(service.listen(0, "127.0.0.1"), "listening")
  const address = service.address()
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
})
afterAll(() => void service.close())

const statusOf = (state: string, ...args: ReadonlyArray<string>) =>
  crossfade(["autopilot", "status", ...args], {
    env: { CROSSFADE_URL: `${origin}/${state}`, CROSSFADE_TOKEN: "a-token" },
  })

const inProgress = ["running", "holding", "cooling_down", "awaiting_approval", "paused"] as const

it.each([
  ...inProgress.map((state) => [state, 0] as const),
  ["completed", 0],
  ["rolled_back", 1],
  ["aborted", 1],
] as const)("%s is %i", async (state, code) => {
  const found = await statusOf(state, "--json")
  expect([found.code, found.error]).toEqual([code, ""])
  expect(JSON.parse(found.out)).toMatchObject({ status: state, startedAt: "2026-11-30T12:00:00.000Z" })
})

it.each([
  ["completed", 0],
  ["rolled_back", 1],
  ["aborted", 1],
] as const)("%s is %i with --watch, at once", async (state, code) => {
  const found = await statusOf(state, "--watch")
  expect(found).toMatchObject({ code, out: expect.stringContaining(`${state} at 1 %: a reason`) })
})

it.each(inProgress)("%s is 1 with --watch when the time is over", async (state) => {
  const found = await statusOf(state, "-w", "-t", "1s", "--json")
  expect(found).toMatchObject({ code: 1, error: expect.stringContaining("The time is over") })
  expect(JSON.parse(found.out).status).toBe(state)
})

it("no autopilot is 1, and standard output stays empty", async () => {
  for (const args of [[], ["--json"], ["--watch"]])
    expect(await statusOf("none", ...args)).toMatchObject({
      code: 1,
      out: "",
      error: expect.stringContaining("No autopilot has been started"),
    })
})

const lines = (own: Partial<AutopilotView>) => stateLines({ ...view("holding"), ...own }, at).join("\n")

it("has no figures of a cohort without runs", () => {
  const verdict = judge(Samples.empty(), defaultAutopilotPlan, 1)
  expect(lines({ verdict })).toMatch(/^success +cannot_tell +- +- +- +- +- +0.02$/m)
})

it("names the earliest time of the next step until it has come", () => {
  const next = (notBefore: number) => lines({ next: { percentage: 5, notBefore } })
  expect(next(at + 60_000)).toMatch(/^next +5 %, not before in 1 min$/m)
  expect(next(at - 60_000)).toMatch(/^next +5 %$/m)
})
