/** Help, completions, mistakes, pipes and terminals: the parts that all commands share. */
import { execFileSync, spawn } from "node:child_process"
import { createServer } from "node:http"
import { once } from "node:events"
import { resolve } from "node:path"
import { expect, it } from "vitest"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"
import { crossfade, inTerminal } from "./commandLine.ts"

const world = useOneGateway()

it("each command has help with its defaults", async () => {
  const { code, error, out } = await crossfade(["--help"])
  expect([code, error]).toEqual([0, ""])
  for (const name of ["agents", "autopilot", "chat", "login", "override", "rollout", "sessions", "shadow"])
    expect(out).toMatch(new RegExp(`^  ${name} `, "m"))
  const list = await crossfade(["sessions", "list", "--help"])
  expect(list.out).toMatch(/--limit .*default: 50/)
  expect(list.out).toMatch(/--url .*default: CROSSFADE_URL, .*http:\/\/localhost:3001/)
})

it("names the nearest command and flag, with 2 as exit code and nothing on standard output", async () => {
  for (const [args, nearest] of [
    [["rolout"], "rollout"],
    [["override", "dirct"], "direct"],
    [["watch", "--onc"], "--once"],
  ] as const) {
    const found = await crossfade(args)
    expect([found.code, found.out]).toEqual([2, ""])
    expect(found.error).toMatch(new RegExp(`Did you mean this\\?\\s+${nearest}`))
  }
})

it("bash completes commands and flags", async () => {
  const { out } = await crossfade(["--completions", "bash"])
  const complete = (line: string): ReadonlyArray<string> => {
    const script = `${out}
COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMP_LINE="\${COMP_WORDS[*]}"; COMP_POINT=\${#COMP_LINE}
name=$(complete -p crossfade | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$name" crossfade "\${COMP_WORDS[$COMP_CWORD]}" "\${COMP_WORDS[$((COMP_CWORD - 1))]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8" }).trim().split(/\s+/)
  }
  expect(complete("crossfade roll")).toContain("rollout")
  expect(complete("crossfade rollout di")).toContain("diff")
  expect(complete("crossfade rollout set --re")).toContain("--reason")
})

it("has completions for zsh and fish", async () => {
  expect((await crossfade(["--completions", "zsh"])).out).toMatch(/^#compdef crossfade/)
  expect((await crossfade(["--completions", "fish"])).out).toContain("complete -c crossfade")
})

it("says what to do when no service answers, or another one does", async () => {
  const env = { CROSSFADE_TOKEN: await operatorToken() }
  const refused = await crossfade(["rollout", "get", "--url", "http://127.0.0.1:1"], { env })
  expect(refused).toMatchObject({ code: 3, out: "" })
  expect(refused.error).toMatch(
    /^Cannot reach http:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED.*\)\. Is the service running/,
  )
  expect(await crossfade(["chat", "x", "--url", "http://127.0.0.1:1"], { env })).toMatchObject({ code: 3 })
  const other = createServer((_request, response) => response.end("<html>")).listen(0, "127.0.0.1")
  await once(other, "listening")
  const address = other.address()
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const foreign = await crossfade(["rollout", "get", "--url", url], { env })
  expect(foreign).toMatchObject({ code: 1, error: expect.stringContaining("is not Crossfade") })
  other.close()
  expect(
    await crossfade(["rollout", "get"], { env: { ...env, CROSSFADE_URL: "localhost:3001" } }),
  ).toMatchObject({
    code: 2,
    error: expect.stringContaining("CROSSFADE_URL: expected an address"),
  })
})

it("ends quietly when the reader of its output leaves", async () => {
  const env = {
    PATH: process.env["PATH"],
    CROSSFADE_URL: world.gateway.url,
    CROSSFADE_TOKEN: await operatorToken(),
  }
  const child = spawn(process.execPath, [resolve("src/cli/main.ts"), "watch", "--json"], { env })
  let error = ""
  child.stderr.on("data", (chunk) => (error += chunk))
  child.stdout.once("data", () => child.stdout.destroy())
  const [code] = await once(child, "exit")
  expect([code, error]).toEqual([0, ""])
})

it.each([
  [80, 24],
  [200, 50],
])("watch fits a terminal of %i columns and %i rows", async (columns, rows) => {
  const env = { CROSSFADE_URL: world.gateway.url, CROSSFADE_TOKEN: await operatorToken() }
  const interrupt = [{ after: "breaker", type: "\u0003" }]
  const { code, screen } = await inTerminal(["watch"], interrupt, env, { columns, rows })
  expect(code).toBe(0)
  const frame = screen.split("\u001b[H").at(-1) ?? ""
  // oxlint-disable-next-line no-control-regex -- the escapes of the terminal have no width
  const lines = frame.replaceAll(/\u001b\[[\d;?]*[a-zA-Z]/g, "").split("\r\n")
  expect(lines.length).toBeLessThanOrEqual(rows)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
  expect(screen.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true)
})

it("colours nothing with NO_COLOR", async () => {
  const env = { CROSSFADE_URL: world.gateway.url, CROSSFADE_TOKEN: await tokenFor() }
  const coloured = await inTerminal(["chat", "hello"], [], env)
  expect(coloured).toMatchObject({ code: 0, screen: expect.stringContaining("\u001b[2m") })
  const plain = await inTerminal(["chat", "hello"], [], { ...env, NO_COLOR: "1" })
  expect(plain).toMatchObject({ code: 0, screen: expect.not.stringContaining("\u001b[") })
})

it("token prints one JSON document with its expiry", async () => {
  const env = { AUTH_JWT_SECRET: "only-for-tests-Zq7vX2mK9pLw4RtY8sBd" }
  const made = await crossfade(["token", "--org", "acme", "--user", "ana", "--hours", "1", "--json"], { env })
  const { expiresAt, token } = JSON.parse(made.out)
  expect(made).toMatchObject({ code: 0, error: "" })
  expect(token.split(".")).toHaveLength(3)
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now())
})

it("token refuses a lifetime that is over at once or never, in its own words", async () => {
  for (const hours of ["-1", "0", "1e9"]) {
    const { code, error, out } = await crossfade(["token", "--org", "a", "--user", "b", `--hours=${hours}`])
    expect([code, out]).toEqual([2, ""])
    expect(error).toContain("Expected: more than 0, at most 876000\n")
  }
})
