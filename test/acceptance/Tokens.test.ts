import { describe, expect, it } from "vitest"
import { SignJWT } from "jose"
import { Client, tokenFor } from "../support/chatClient.ts"
import { startGateway, temporaryFolder, testSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
const bodyOf = (answer: Response): Promise<any> => answer.json() as Promise<any>

describe("a token", () => {
  it.each([
    ["no token", undefined, "AUTH_TOKEN_MISSING"],
    ["rubbish", "abc", "AUTH_TOKEN_INVALID"],
    ["another secret", "other-secret", "AUTH_TOKEN_INVALID"],
    ["an expired one", "expired", "AUTH_TOKEN_EXPIRED"],
  ])("refuses %s with 401", async (_, kind, code) => {
    const sign = (secret: string, exp: number) =>
      new SignJWT({ org_id: "acme", permissions: ["*"] })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("ana")
        .setExpirationTime(exp)
        .sign(new TextEncoder().encode(secret))
    const soon = Math.floor(Date.now() / 1000) + 60
    const token =
      kind === "other-secret"
        ? await sign("y".repeat(40), soon)
        : kind === "expired"
          ? await sign(testSecret, soon - 3600)
          : kind
    const answer = await fetch(`${world.gateway.url}/api/v1/chat/sessions`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ success: false, error: { code } })
  })
})

describe("ids in tokens", () => {
  const tokenOf = (claims: Readonly<Record<string, unknown>>) =>
    new SignJWT({ sub: "ana", org_id: "acme", permissions: ["*"], ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1 hour")
      .sign(new TextEncoder().encode(testSecret))

  it("X1: with a lone surrogate in the organisation is refused, because the store would merge it with another one", async () => {
    // Stores write U+FFFD for invalid Unicode, so two ids would become one.
    const owner = new Client(world.gateway.url, await tokenOf({ org_id: "a\ufffd" }))
    await (await owner.start("mine")).rest()
    for (const org_id of ["a\ud800", "a\udfff"]) {
      const other = new Client(world.gateway.url, await tokenOf({ org_id }))
      const answer = await other.request("GET", "/api/v1/chat/sessions")
      expect([answer.status, (await bodyOf(answer)).error?.code]).toEqual([401, "AUTH_TOKEN_INVALID"])
    }
    expect((await owner.json("GET", "/api/v1/chat/sessions")).data.sessions).toHaveLength(1)
  })

  it.each([
    ["a lone surrogate", "a\udc00"],
    ["a NUL", "a\u0000"],
    ["a line break", "a\nb"],
    ["a C1 control character", "a\u0085"],
    ["129 characters", "x".repeat(129)],
  ])("X1: refuses a user or an organisation with %s", async (_, id) => {
    for (const claims of [{ sub: id }, { org_id: id }]) {
      const client = new Client(world.gateway.url, await tokenOf(claims))
      expect((await client.request("GET", "/api/v1/chat/sessions")).status).toBe(401)
    }
  })
})

describe("the signing secret", () => {
  it("fault 20: has no default: two services without one refuse each other's tokens", async () => {
    const folders = [temporaryFolder(), temporaryFolder()]
    const gateways = await Promise.all(
      folders.map(({ path }) => startGateway({ DATA_DIR: path, AUTH_JWT_SECRET: "" })),
    )
    try {
      const tokens = gateways.map((gateway) => /#token=(\S+)/.exec(gateway.output())?.[1] ?? "")
      const statuses = await Promise.all(
        [0, 1].flatMap((service) =>
          [0, 1].map(
            async (from) =>
              (
                await new Client(gateways[service]!.url, tokens[from]!).request(
                  "GET",
                  "/api/v1/chat/sessions",
                )
              ).status,
          ),
        ),
      )
      expect(statuses).toEqual([200, 401, 401, 200])
      const forged = await new Client(gateways[0]!.url, await tokenFor()).request(
        "GET",
        "/api/v1/chat/sessions",
      )
      expect(forged.status).toBe(401)
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()))
      folders.forEach((folder) => folder.dispose())
    }
  })

  it.each([
    ["", "nothing"],
    ["short", "a value of 5 characters"],
  ])("fault 20: production does not start with the secret %j", async (secret, found) => {
    const started = startGateway({ NODE_ENV: "production", AUTH_JWT_SECRET: secret })
    await expect(started).rejects.toThrow(`AUTH_JWT_SECRET: found ${found}; allowed: `)
  })
})
