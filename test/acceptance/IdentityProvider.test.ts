import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { OrgId, RunId, UserId } from "../../src/domain/Ids.ts"
import * as ReadTicket from "../../src/http/ReadTicket.ts"
import { Client } from "../support/chatClient.ts"
import { KeyServer, makeKey, serving, sign } from "../support/identityProvider.ts"
import {
  type Running,
  startGateway,
  temporaryFolder,
  testOperatorSecret,
  testSecret,
} from "../support/processes.ts"

const key = await makeKey("RS256", "key-1")
const server = new KeyServer([key.jwk])
const folder = temporaryFolder()
const previousSecret = "only-for-tests-old-8sBd2mK9pLw4RtY7"
let gateway: Running
let env: Record<string, string>

beforeAll(async () => {
  await server.listen()
  env = {
    DATA_DIR: folder.path,
    AUTH_JWKS_URL: server.url,
    AUTH_JWT_PREVIOUS_SECRETS: previousSecret,
    AUTH_ISSUER: "https://id.example/",
    AUTH_AUDIENCE: "chat",
    AUTH_REQUIRE_EXP: "true",
    AUTH_CLAIM_ORG: "https://id.example/org",
    AUTH_CLAIM_ROLES: "realm_access.roles",
    AUTH_ROLES: "member=chat:*,sessions:write",
  }
  gateway = await startGateway(env)
})
afterAll(async () => {
  await gateway.stop()
  await server.close()
  folder.dispose()
})

const claims = () => ({
  iss: "https://id.example/",
  aud: ["chat"],
  sub: "ana",
  "https://id.example/org": "acme",
  realm_access: { roles: ["member"] },
  exp: Math.floor(Date.now() / 1000) + 60,
})

describe("a token of an identity provider", () => {
  it("starts and reads sessions, with the permissions of its role and no others", async () => {
    const client = new Client(gateway.url, await sign(key, claims()))
    const stream = await client.start("hello")
    await stream.rest()
    expect(stream.response.status).toBe(200)
    expect((await client.json("GET", "/api/v1/chat/sessions")).data.sessions).toHaveLength(1)
    const denied = await client.request("GET", "/api/v1/runtime/fallback/status")
    expect([denied.status, await denied.json()]).toMatchObject([
      403,
      { error: { code: "AUTH_PERMISSION_DENIED" } },
    ])
  })

  it("X1: is refused with 401 and the name of the wrong claim", async () => {
    for (const [change, claim] of [
      [{ iss: "https://evil.example/" }, "iss"],
      [{ aud: "other" }, "aud"],
      [{ exp: undefined }, "exp"],
      [{ "https://id.example/org": "a\ud800" }, "https://id.example/org"],
    ] as const) {
      const client = new Client(gateway.url, await sign(key, { ...claims(), ...change }))
      const answer = await client.request("GET", "/api/v1/chat/sessions")
      expect([answer.status, await answer.json()]).toMatchObject([
        401,
        { error: { code: "AUTH_TOKEN_INVALID", message: expect.stringContaining(claim) } },
      ])
    }
  })

  it("reads a run with a ticket that was signed with the previous secret", async () => {
    const client = new Client(gateway.url, await sign(key, claims()))
    const stream = await client.start("hello")
    await stream.rest()
    const open = async (secret: string) => {
      const principal = { orgId: OrgId.make("acme"), userId: UserId.make("ana"), permissions: [] }
      const { ticket } = await Effect.runPromise(
        ReadTicket.mint(Redacted.make(secret), principal, RunId.make(stream.runId), Date.now() + 60_000),
      )
      return (await fetch(`${gateway.url}/api/v1/chat/runs/${stream.runId}/events?ticket=${ticket}`)).status
    }
    expect(await open(testSecret)).toBe(200)
    expect(await open(previousSecret)).toBe(200)
    expect(await open("only-for-tests-other-4RtY8sBd2mK9")).toBe(401)
  })

  it("is accepted without a restart if a new key of the provider signed it", async () => {
    const next = await makeKey("ES256", "key-2")
    server.answer = serving({ keys: [next.jwk] })
    const client = new Client(gateway.url, await sign(next, claims()))
    expect((await client.request("GET", "/api/v1/chat/sessions")).status).toBe(200)
  })

  it("works beside tokens of `crossfade token`, under the same rules", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["bin/crossfade", "token", "--org", "acme", "--user", "ops", "--permissions", "operator:read"],
      {
        env: {
          ...env,
          PATH: process.env["PATH"],
          AUTH_JWT_SECRET: testSecret,
          AUTH_OPERATOR_SECRET: testOperatorSecret,
        },
      },
    )
    const client = new Client(gateway.url, stdout.trim())
    expect((await client.request("GET", "/api/v1/runtime/fallback/status")).status).toBe(200)
  })

  it("gets 503, not 401, until the keys were fetched", async () => {
    const down = await startGateway({
      ...env,
      DATA_DIR: `${folder.path}/down`,
      AUTH_JWKS_URL: "http://127.0.0.1:9/jwks",
    })
    try {
      const client = new Client(down.url, await sign(key, claims()))
      const answer = await client.request("GET", "/api/v1/chat/sessions")
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"])
      expect(await answer.json()).toMatchObject({ error: { code: "OVERLOADED" } })
      expect(down.output()).toContain("the keys of AUTH_JWKS_URL could not be fetched")
    } finally {
      await down.stop()
    }
  })
})
