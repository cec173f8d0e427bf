/** `crossfade chat`, `sessions`, `agents`, `runs` and `keys` against a running service. */
import { beforeAll, expect, it } from "vitest"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { crossfade, inTerminal } from "./commandLine.ts"

const world = useWorld({ DELETE_GRACE_DAYS: "1" })
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  env = { CROSSFADE_URL: `${world.gateway.url}/`, CROSSFADE_TOKEN: await tokenFor() }
})

const run = (...args: ReadonlyArray<string>) => crossfade(args, { env })

const json = async (...args: ReadonlyArray<string>) => {
  const { code, error, out } = await run(...args, "--json")
  expect([code, error]).toEqual([0, ""])
  return JSON.parse(out)
}

/** Once the runtime works on the turn. */
const interruptOnce = async (kill: (signal: NodeJS.Signals) => void): Promise<void> => {
  await world.logged(({ executions }) => executions.length > 0)
  kill("SIGINT")
}

const sessionIn = (text: string): string => /--session ([0-9a-f-]{36})/.exec(text)?.[1] ?? ""

it("chat prints the answer on standard output, and the way to it on standard error", async () => {
  const first = await run("chat", "hello there")
  expect(first.code).toBe(0)
  expect(first.out).toContain("hello there")
  expect(first.error).toMatch(/^answered by runtime_orchestrator, .*continue with --session /m)
  const session = sessionIn(first.error)
  const piped = await crossfade(["chat", "--session", session], { env, input: "from a pipe" })
  expect(piped).toMatchObject({ code: 0, out: expect.stringContaining("from a pipe") })
  expect((await world.messages(session)).map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
  ])
})

it("chat --json prints each event as a line, the last one done", async () => {
  const { code, error, out } = await run("chat", "hello", "--json")
  expect([code, error]).toEqual([0, ""])
  const events = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  expect(events[0].event).toBe("open")
  expect(events.at(-1)).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
})

it("chat marks a fallback, and prints no part of the answer that was taken back", async () => {
  const { code, error, out } = await run("chat", JSON.stringify({ scenario: "error", code: "X" }))
  expect(code).toBe(0)
  expect(error).toMatch(/^fallback runtime_orchestrator -> direct_llm: .*\(X\)$/m)
  expect(out).not.toBe("")
})

it("chat ends with 1 when the run fails, and names the code and the trace", async () => {
  world.model.answers.push({ kind: "status", status: 400 })
  const failed = await run("chat", JSON.stringify({ scenario: "error", code: "X" }))
  expect(failed).toMatchObject({
    code: 1,
    out: "",
    error: expect.stringMatching(/^The run failed: .*\([^)]*[A-Z_]+\)/m),
  })
})

it("Ctrl-C cancels the run, also before its first event", async () => {
  const slow = ["chat", JSON.stringify({ scenario: "hang" })]
  const child = crossfade(slow, { env, onStart: (kill) => void interruptOnce(kill) })
  const ended = await child
  expect(ended).toMatchObject({ code: 130, out: "", error: expect.stringContaining("The run is cancelled.") })
  const [newest] = (await world.client.json("GET", "/api/v1/chat/sessions?limit=1")).data.sessions
  const { runs } = (await world.client.json("GET", `/api/v1/chat/sessions/${newest.id}/runs`)).data
  expect(runs[0].status).toBe("cancelled")
})

it("chat refuses a misspelt agent, a missing message and an unknown session", async () => {
  const misspelt = await run("chat", "hello", "--agent", "Assistent")
  expect(misspelt).toMatchObject({ code: 2, error: "There is no agent Assistent. Did you mean Assistant?\n" })
  const named = await run("chat", "hello", "--agent", "Assistant")
  expect(named.code).toBe(0)
  const missing = await inTerminal(["chat"], [], env)
  expect(missing).toMatchObject({ code: 2, screen: expect.stringContaining("Give a message") })
  const unknown = await run("chat", "hello", "--session", "00000000-0000-4000-8000-00000000ffff")
  expect(unknown).toMatchObject({ code: 1, error: expect.stringContaining("404 SESSION_NOT_FOUND") })
  const blank = await crossfade(["chat"], { env, input: "  " })
  expect(blank).toMatchObject({ code: 1, error: expect.stringMatching(/VALIDATION_FAILED\)\n {2}\S+: /) })
})

it("sessions lists, shows, renames, deletes, restores and exports", async () => {
  const session = sessionIn((await run("chat", "a question")).error)
  await json("sessions", "rename", session, "My title")
  const [listed] = (await json("sessions", "list", "--limit", "1")).sessions
  expect(listed).toMatchObject({ id: session, title: "My title" })
  expect(Date.parse(listed.updatedAt)).toBeGreaterThan(0)
  expect((await run("sessions", "list")).out).toMatch(new RegExp(`^${session} +\\d+ s ago .*My title$`, "m"))
  expect((await run("sessions", "show", session)).out).toMatch(/^USER, \d+ s ago\na question$/m)
  const exported = await run("sessions", "export", session)
  const lines = exported.out.trimEnd().split("\n")
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: "end", sessions: 1, messages: 2 })
  expect(await run("sessions", "delete", session)).toMatchObject({ code: 1, out: "" })
  await json("sessions", "delete", session, "--yes")
  expect(await run("sessions", "show", session)).toMatchObject({ code: 1 })
  await json("sessions", "restore", session)
  expect((await json("sessions", "show", session)).messages).toHaveLength(2)
})

it("agents are created, listed, shown and changed", async () => {
  const created = await json("agents", "create", "--name", "Support", "--prompt", "Be brief.")
  expect(created).toMatchObject({ settings: { name: "Support", systemPrompt: "Be brief.", active: true } })
  expect((await json("agents", "list")).map(({ id }: { id: string }) => id)).toContain(created.id)
  const changed = await json("agents", "set", "Support", "--active", "false", "--yes")
  expect(changed).toMatchObject({ id: created.id, settings: { active: false, systemPrompt: "Be brief." } })
  expect((await run("agents", "show", "Support")).out).toMatch(/^Support \(.*\), inactive\n/)
  expect(await run("agents", "set", "Suport", "--model", "x", "--yes")).toMatchObject({
    code: 2,
    error: expect.stringContaining("Did you mean Support?"),
  })
  expect((await run("agents", "create")).code).toBe(2)
})

it("runs and keys have JSON documents, and a revocation needs agreement", async () => {
  const operator = { ...env, CROSSFADE_TOKEN: await operatorToken() }
  const { out } = await crossfade(["runs", "list", "--org", "acme", "--limit", "1", "--json"], {
    env: operator,
  })
  const { nextCursor, runs } = JSON.parse(out)
  const older = await crossfade(["runs", "list", "--cursor", nextCursor, "--json"], { env: operator })
  expect(JSON.parse(older.out).runs[0].id < runs[0].id).toBe(true)
  const shown = await crossfade(["runs", "show", runs[0].id, "--json"], { env: operator })
  expect(JSON.parse(shown.out)).toMatchObject({ id: runs[0].id, content: null })
  expect((await crossfade(["runs", "list", "--org", "acmee"], { env: operator })).code).toBe(2)

  const created = await json("keys", "create", "--name", "nightly")
  expect(created.key).toMatch(/^sk-/)
  expect(await run("keys", "revoke", created.id)).toMatchObject({ code: 1, out: "" })
  expect((await json("keys", "revoke", created.id, "--yes")).revokedAt).toMatch(/^\d{4}-.*Z$/)
})
