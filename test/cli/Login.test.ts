/** `crossfade login` and `logout`: the profile file, and the choice between it, the environment and flags. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"
import { configFolder, crossfade, inTerminal } from "./commandLine.ts"

const world = useOneGateway()
let folder: ReturnType<typeof configFolder>
let env: Readonly<Record<string, string>>
let token: string

const file = () => join(folder.path, "crossfade", "profiles.json")
const profiles = () => JSON.parse(readFileSync(file(), "utf8"))

beforeAll(async () => {
  token = await tokenFor()
})
beforeEach(() => {
  folder = configFolder()
  env = { XDG_CONFIG_HOME: folder.path }
  return () => folder.dispose()
})
afterAll(() => folder.dispose())

const logIn = (input: string, ...args: ReadonlyArray<string>) =>
  crossfade(["login", "--url", world.gateway.url, ...args], { env, input })

it("stores the token of a pipe for its owner only, and other commands use it", async () => {
  const { code, error, out } = await logIn(`${token}\n`, "--json")
  expect([code, error]).toEqual([0, ""])
  expect(JSON.parse(out)).toEqual({ profile: "default", url: world.gateway.url, file: file() })
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder.path, "crossfade")).mode & 0o777).toBe(0o700)
  expect(profiles()).toEqual({ default: { url: world.gateway.url, token } })
  expect(await crossfade(["sessions", "list", "--json"], { env })).toMatchObject({ code: 0 })
})

it("asks in a terminal without showing the token", async () => {
  const asked = await inTerminal(
    ["login", "--url", world.gateway.url],
    [{ after: "Token for", type: `${token}\r` }],
    env,
  )
  expect(asked.code).toBe(0)
  expect(asked.screen).not.toContain(token.slice(0, 20))
  expect(profiles().default.token).toBe(token)
})

it("stores a token that may not read sessions, and no token that the service refuses", async () => {
  expect((await logIn(await operatorToken())).code).toBe(0)
  for (const [input, message] of [
    ["nonsense", /401 AUTH_TOKEN_INVALID/],
    [`${token}x`, /401 AUTH_TOKEN_INVALID/],
    ["", /Expected a token/],
    ["two\nlines", /Expected a token/],
  ] as const) {
    const refused = await logIn(input, "--profile", "other")
    expect(refused.code).not.toBe(0)
    expect(refused.error).toMatch(message)
    expect(refused.error).not.toContain(token.slice(0, 20))
  }
  expect(Object.keys(profiles())).toEqual(["default"])
  const elsewhere = await crossfade(["login", "--url", "http://127.0.0.1:1"], { env, input: token })
  expect(elsewhere).toMatchObject({
    code: 3,
    error: expect.stringContaining("Is the service running there?"),
  })
})

it("warns of a token that goes to another machine without encryption", async () => {
  const { code, error } = await crossfade(["login", "--url", "http://gateway.invalid"], { env, input: token })
  expect(code).not.toBe(0)
  expect(error.split("\n")[0]).toBe(
    "Warning: http://gateway.invalid is not encrypted, so others on the network can read the token. Use https.",
  )
}, 180_000)

it("a flag wins over the environment, and the environment over the profile", async () => {
  await logIn(token)
  await logIn(await tokenFor("globex", "greta"), "--profile", "globex")
  const list = (args: ReadonlyArray<string>, own: Readonly<Record<string, string>> = {}) =>
    crossfade(["sessions", "list", ...args], { env: { ...env, ...own } })
  expect((await list([])).code).toBe(0)
  expect((await list([], { CROSSFADE_TOKEN: "wrong" })).error).toContain("401 AUTH_TOKEN_INVALID")
  expect((await list(["--token", token], { CROSSFADE_TOKEN: "wrong" })).code).toBe(0)
  expect((await list(["--profile", "globex"], { CROSSFADE_TOKEN: "wrong" })).code).toBe(0)
  expect((await list([], { CROSSFADE_URL: "http://127.0.0.1:1", CROSSFADE_TOKEN: token })).code).toBe(3)
  expect((await list(["--url", world.gateway.url], { CROSSFADE_URL: "http://127.0.0.1:1" })).code).toBe(0)
  const misspelt = await list(["--profile", "globx"])
  expect(misspelt).toMatchObject({ code: 2, error: expect.stringContaining("Did you mean globex?") })
})

it("the token of a profile goes to no other address", async () => {
  await logIn(token)
  const other = await crossfade(["sessions", "list", "--url", "http://127.0.0.1:1"], { env })
  expect(other).toMatchObject({
    code: 2,
    error: expect.stringContaining("There is no token for this service"),
  })
})

it("refuses a file that other users can read", async () => {
  await logIn(token)
  chmodSync(file(), 0o644)
  const refused = await crossfade(["sessions", "list"], { env })
  expect(refused).toMatchObject({ code: 1, error: expect.stringContaining(`chmod 600 ${file()}`) })
})

it("reads no profile file when the environment names the address and the token", async () => {
  await logIn(token)
  writeFileSync(file(), "{")
  const service = { CROSSFADE_URL: world.gateway.url, CROSSFADE_TOKEN: token }
  expect(await crossfade(["sessions", "list", "--json"], { env: { ...env, ...service } })).toMatchObject({
    code: 0,
    error: "",
  })
  expect(await crossfade(["sessions", "list"], { env })).toMatchObject({
    code: 1,
    error: expect.stringContaining(`Cannot use ${file()}: expected JSON`),
  })
})

it("refuses a folder that other users can write to", async () => {
  await logIn(token)
  chmodSync(join(folder.path, "crossfade"), 0o777)
  const refused = await crossfade(["sessions", "list"], { env })
  expect(refused).toMatchObject({
    code: 1,
    error: expect.stringContaining("other users may write to its folder"),
  })
})

it("finds no profile of a name that each record inherits", async () => {
  await logIn(token)
  for (const command of [
    ["sessions", "list", "--profile", "constructor"],
    ["logout", "--profile", "toString"],
  ])
    expect(await crossfade(command, { env })).toMatchObject({
      code: 2,
      error: expect.stringContaining("here is no profile"),
    })
  const refused = await logIn(token, "--profile", "__proto__")
  expect(refused.code).not.toBe(0)
  expect(Object.keys(profiles())).toEqual(["default"])
})

it("logout removes the profile", async () => {
  await logIn(token)
  expect(await crossfade(["logout"], { env })).toMatchObject({ code: 0 })
  expect(existsSync(file()) && profiles()).toEqual({})
  expect(await crossfade(["logout"], { env })).toMatchObject({ code: 2 })
  expect((await crossfade(["sessions", "list"], { env })).code).toBe(2)
})
