import { execFile } from "node:child_process"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, operatorToken, tokenFor } from "../support/chatClient.ts"
import {
  gatewayEnv,
  type Running,
  startGateway,
  temporaryFolder,
  testOperatorSecret,
  testSecret,
} from "../support/processes.ts"

const folder = temporaryFolder()
const statusPath = "/api/v1/runtime/fallback/status"
const warning = "the operators' routes are closed"
const running: Array<Running> = []

const start = async (name: string, env: Readonly<Record<string, string>>): Promise<Running> => {
  const gateway = await startGateway({ DATA_DIR: `${folder.path}/${name}`, ...env })
  running.push(gateway)
  return gateway
}
afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.stop("SIGKILL")))
  folder.dispose()
})

const statusOf = async (gateway: Running, token: string) =>
  (await new Client(gateway.url, token).request("GET", statusPath)).status

/** `crossfade token` for the permissions of operators, in this environment. */
const printed = (name: string, env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: number; readonly out: string; readonly error: string }>((done) => {
    execFile(
      process.execPath,
      ["bin/crossfade", "token", "--org", "ops", "--user", "olga", "--permissions", "operator:*"],
      { env: gatewayEnv({ DATA_DIR: `${folder.path}/${name}`, ...env }) },
      (failure, out, error) =>
        done({ code: typeof failure?.code === "number" ? failure.code : 0, out: out.trim(), error }),
    )
  })

describe("a service without a source of operators", () => {
  const env = { AUTH_OPERATOR_SECRET: "" }
  let gateway: Running
  beforeAll(async () => {
    gateway = await start("closed", env)
  })

  it("warns once at startup, and names the variables to set", () => {
    expect(gateway.output().split(warning)).toHaveLength(2)
    expect(gateway.output()).toContain("set AUTH_OPERATOR_SECRET, or AUTH_OPERATOR_ISSUERS")
  })

  it("refuses every caller on operators' routes", async () => {
    expect(await statusOf(gateway, await tokenFor("ops", "olga", ["*", "admin:*", "operator:*"]))).toBe(403)
    expect(await statusOf(gateway, await operatorToken())).toBe(401)
  })

  it("gets no operator token from `crossfade token`", async () => {
    const { code, error, out } = await printed("closed", env)
    expect([code, out]).toEqual([1, ""])
    expect(error).toMatch(/^The service of this environment .* Set AUTH_OPERATOR_SECRET .*\n$/)
    expect(error).not.toContain(testSecret)
  })
})

describe("a service with a secret for operators", () => {
  it("accepts their tokens by that secret or the previous one, and not by the callers' secret", async () => {
    const secret = "only-for-tests-operators-new-Jz5FgT0Hc6"
    const env = { AUTH_OPERATOR_SECRET: secret, AUTH_OPERATOR_PREVIOUS_SECRETS: testOperatorSecret }
    const gateway = await start("open", env)
    expect(gateway.output()).not.toContain(warning)
    expect(await statusOf(gateway, (await printed("open", env)).out)).toBe(200)
    expect(await statusOf(gateway, await operatorToken())).toBe(200)
    const refused = await new Client(gateway.url, await tokenFor("ops", "olga", ["operator:*"])).json(
      "GET",
      statusPath,
    )
    expect(refused.error).toEqual({
      code: "AUTH_PERMISSION_DENIED",
      message:
        "The token lacks: operator:read. Only tokens of AUTH_OPERATOR_SECRET or AUTH_OPERATOR_ISSUERS can have it.",
    })
  })
})

describe("a service with a generated secret", () => {
  it("accepts operators' tokens by that secret, printed at startup or made by `crossfade token`", async () => {
    const env = { AUTH_JWT_SECRET: "", AUTH_OPERATOR_SECRET: "" }
    const gateway = await start("made", env)
    expect(gateway.output()).not.toContain(warning)
    expect(await statusOf(gateway, /#token=(\S+)/.exec(gateway.output())?.[1] ?? "")).toBe(200)
    expect(await statusOf(gateway, (await printed("made", env)).out)).toBe(200)
  })
})
