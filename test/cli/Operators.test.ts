/** Each operators' command against a running service: text, JSON, exit code. */
import { writeFileSync } from "node:fs"
import { SignJWT } from "jose"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { RolloutDocument } from "../../src/api/RolloutApi.ts"
import { operatorToken } from "../support/chatClient.ts"
import { testOperatorSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"
import { crossfade, inTerminal } from "./commandLine.ts"

const world = useWorld({ CHAT_EXECUTION_MODE: "direct_llm" })
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  env = { CROSSFADE_URL: world.gateway.url, CROSSFADE_TOKEN: await operatorToken() }
  await (await world.client.start("hello")).rest()
  const globex = await world.as("globex", "greta")
  await (await globex.start("hello")).rest()
})

const run = (...args: ReadonlyArray<string>) => crossfade(args, { env })

const json = async (...args: ReadonlyArray<string>) => {
  const { code, error, out } = await run(...args, "--json")
  expect([code, error]).toEqual([0, ""])
  return JSON.parse(out)
}

it("rollout get, set and diff show and change the settings", async () => {
  const before = await json("rollout", "get")
  expect(Object.keys(before).toSorted()).toEqual(Object.keys(RolloutDocument.fields).toSorted())
  const change = ["percentage=5", "enabledOrgs=acme,globex", "thresholds.errorRate=0.4"]
  const planned = await json("rollout", "diff", ...change)
  expect(planned).toMatchObject([
    { setting: "percentage", before: 0, after: 5 },
    { setting: "enabledOrgs", before: [], after: ["acme", "globex"] },
    { setting: "thresholds", after: { errorRate: 0.4, timeoutRate: before.thresholds.timeoutRate } },
  ])
  expect(await json("rollout", "get")).toEqual(before)

  const set = await run("rollout", "set", ...change, "--reason", "week 1", "--yes")
  expect(set).toMatchObject({ code: 0, out: expect.stringMatching(/percentage +5 +olga of ops, \d+ s ago/) })
  expect(set.error).toMatch(/percentage +0 -> 5/)
  const [entry] = (await world.operator.json("GET", "/api/v1/runtime/audit?limit=1")).data.entries
  expect(entry).toMatchObject({ action: "rollout.change", reason: "week 1", after: { percentage: 5 } })

  await json("rollout", "set", "enabledOrgs-=acme", "deniedOrgs+=acme", "--yes")
  const after = await json("rollout", "get")
  expect(after).toMatchObject({ enabledOrgs: ["globex"], deniedOrgs: ["acme"], percentage: 5 })
  expect(Date.parse(after.sources.percentage.at)).toBeGreaterThan(0)
  expect((await json("rollout", "diff")).map(({ setting }: { setting: string }) => setting)).toEqual([
    "percentage",
    "enabledOrgs",
    "deniedOrgs",
    "thresholds",
  ])

  const back = ["percentage=null", "enabledOrgs=null", "deniedOrgs=null", "thresholds=null"]
  await json("rollout", "set", ...back, "-y")
  expect((await run("rollout", "diff")).out).toBe("Every setting has the environment's value.\n")
})

it("rollout set refuses a misspelt name with the nearest one, and changes nothing", async () => {
  const before = (await json("rollout", "get")).version
  for (const [args, message] of [
    [["percentge=5"], "There is no setting percentge. Did you mean percentage?\n"],
    [["enabledOrgs=acmee"], "There is no organisation acmee. Did you mean acme?"],
    [["deniedOrgs-=globx"], "deniedOrgs: globx is not in the list."],
    [["percentage=half"], "percentage: expected a number\n"],
    [["percentage=500"], "Not allowed:\n  percentage: Expected a value between 0 and 100\n"],
    [["percentage"], "percentage: expected setting=value"],
  ] as const) {
    const found = await run("rollout", "set", ...args, "--yes")
    expect([found.code, found.out, found.error]).toEqual([2, "", expect.stringContaining(message)])
  }
  expect((await json("rollout", "get")).version).toBe(before)
  const forced = await json("rollout", "set", "deniedOrgs=initech", "--force", "--yes")
  expect(forced.deniedOrgs).toEqual(["initech"])
  await json("rollout", "set", "deniedOrgs=null", "--yes")
})

it("a change without a terminal needs --yes", async () => {
  const refused = await run("rollout", "set", "percentage=7")
  expect([refused.code, refused.out]).toEqual([1, ""])
  expect(refused.error).toMatch(/percentage +0 -> 7[\s\S]*Nothing was changed: .*--yes/)
  for (const args of [
    ["override", "direct", "--reason", "x"],
    ["override", "none", "--reason", "x"],
    ["breaker", "reset"],
    ["autopilot", "start"],
  ])
    expect([args, (await run(...args)).code]).toEqual([args, 1])
  expect((await json("breaker", "status")).state).toBe("closed")
})

it("a change in a terminal asks first, and only y makes it", async () => {
  const set = ["rollout", "set", "percentage=9"]
  for (const [type, code, percentage] of [
    ["\r", 1, 0],
    ["n\r", 1, 0],
    ["\u0004", 1, 0],
    ["\u0003", 130, 0],
    ["y\r", 0, 9],
  ] as const) {
    const asked = await inTerminal(set, [{ after: "Continue? [y/N]", type }], env)
    expect([type, asked.code, asked.screen]).toEqual([
      type,
      code,
      expect.stringMatching(/percentage +0 -> 9/),
    ])
    expect((await json("rollout", "get")).percentage).toBe(percentage)
  }
  await json("rollout", "set", "percentage=null", "-y")
})

it("override and breaker force a mode, show it, and end it", async () => {
  const forced = await json("override", "direct", "--reason", "INC-42", "--for", "30m", "--yes")
  expect(forced).toMatchObject({ state: "forced_direct", forced: { mode: "direct_llm", reason: "INC-42" } })
  const left = Date.parse(forced.forced.expiresAt) - Date.now()
  expect(left).toBeGreaterThan(25 * 60_000)
  expect(left).toBeLessThanOrEqual(30 * 60_000)
  expect((await run("breaker", "status")).out).toMatch(
    /^all +forced_direct .*override direct_llm by olga of ops, ends in (?:29|30) min/m,
  )
  const one = await json("override", "runtime", "--org", "globex", "--reason", "trial", "--yes")
  expect(one.orgs).toMatchObject([{ orgId: "globex", state: "forced_runtime" }])
  const misspelt = await run("override", "none", "--org", "globe", "--reason", "over", "--yes")
  expect(misspelt).toMatchObject({ code: 2, error: expect.stringContaining("Did you mean globex?") })
  await json("override", "none", "--org", "globex", "--reason", "over", "--yes")
  await json("override", "none", "--reason", "over", "--yes")
  const reset = await run("breaker", "reset", "--reason", "fixed", "--yes")
  expect(reset).toMatchObject({ code: 0, out: expect.stringMatching(/^all +closed/m) })
  expect((await run("override", "direct", "--yes")).code).toBe(2)
})

it("autopilot starts, reports, pauses, resumes and aborts, with the exit codes of Argo Rollouts", async () => {
  expect(await run("autopilot", "status")).toMatchObject({
    code: 1,
    error: expect.stringContaining("No autopilot has been started"),
  })
  const file = join(world.folder.path, "plan.json")
  writeFileSync(file, JSON.stringify({ steps: [{ percentage: 40, holdMs: 0 }], margin: {} }))
  expect(await run("autopilot", "start", "--file", file, "-y")).toMatchObject({
    code: 1,
    error: expect.stringContaining("margin"),
  })
  const steps = [
    { percentage: 40, holdMs: 3_600_000 },
    { percentage: 50, holdMs: 3_600_000 },
  ]
  writeFileSync(file, JSON.stringify({ steps }))
  const started = await json("autopilot", "start", "--file", file, "--reason", "week 2", "--yes")
  expect(started).toMatchObject({ status: "running", percentage: 40, plan: { steps } })
  const status = await run("autopilot", "status")
  expect(status).toMatchObject({ code: 0, error: "", out: expect.stringMatching(/^running at 40 %: /) })
  const waited = await run("autopilot", "status", "-w", "--timeout", "3s")
  expect(waited).toMatchObject({ code: 1, error: expect.stringContaining("has not ended") })
  expect((await json("autopilot", "pause", "--yes")).status).toBe("paused")
  expect((await json("autopilot", "resume", "--yes")).status).toBe("running")
  expect(await run("autopilot", "promote", "--yes")).toMatchObject({
    code: 1,
    error: expect.stringContaining("409 AUTOPILOT_CONFLICT"),
  })
  const waiting = run("autopilot", "status", "--watch", "--json")
  expect((await json("autopilot", "abort", "--reason", "enough", "--yes")).status).toBe("aborted")
  const ended = await waiting
  expect(ended.code).toBe(1)
  expect(JSON.parse(ended.out).status).toBe("aborted")
  expect((await run("autopilot", "status")).code).toBe(1)
})

it("shadow report and mismatches are text and JSON", async () => {
  const report = await json("shadow", "report", "--org", "acme", "--since", "7d")
  expect(report.dimensions.map(({ dimension }: { dimension: string }) => dimension)).toContain("outcome")
  expect((await run("shadow", "report")).out).toMatch(/^outcome +0 of 0 .*too_few$/m)
  expect(await json("shadow", "mismatches")).toEqual({ mismatches: [], nextCursor: null })
  expect((await run("shadow", "report", "--org", "acmee")).code).toBe(2)
  expect((await run("shadow", "report", "--since", "soon")).code).toBe(2)
})

it("refusals name the permission, and no token appears in them", async () => {
  const token = await operatorToken(["operator:read"])
  const refused = await crossfade(["override", "direct", "--reason", "x", "--yes"], {
    env: { ...env, CROSSFADE_TOKEN: token },
  })
  expect(refused).toMatchObject({
    code: 1,
    error: expect.stringMatching(/operator:write.*403 AUTH_PERMISSION_DENIED/),
  })
  const wrong = await crossfade(["rollout", "get"], { env: { ...env, CROSSFADE_TOKEN: `${token}x` } })
  expect(wrong).toMatchObject({
    code: 1,
    error: expect.stringMatching(/401 AUTH_TOKEN_INVALID[\s\S]*crossfade login/),
  })
  // The service accepts a token for a minute after its end, because clocks differ.
  const old = await new SignJWT({ org_id: "ops", permissions: ["operator:read"] })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("olga")
    .setExpirationTime(Math.floor(Date.now() / 1000) - 90)
    .sign(new TextEncoder().encode(testOperatorSecret))
  expect(await crossfade(["rollout", "get"], { env: { ...env, CROSSFADE_TOKEN: old } })).toMatchObject({
    code: 1,
    out: "",
    error: expect.stringMatching(/401 AUTH_TOKEN_EXPIRED[\s\S]*crossfade login/),
  })
  expect(`${refused.error}${wrong.error}`).not.toContain(token.slice(0, 20))
  expect(wrong.out).toBe("")
})
