import { SignJWT } from "jose"
import { describe, expect, it } from "vitest"
import { Client } from "../support/chatClient.ts"
import { testOperatorSecret, testSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

/** Accepted for `seconds` from now on, leeway included. */
const tokenFor = (seconds: number, claims: Readonly<Record<string, unknown>> = {}, secret = testSecret) =>
  new SignJWT({ org_id: "acme", permissions: ["*"], ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ana")
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds - 60)
    .sign(new TextEncoder().encode(secret))

const hanging = { scenario: "hang", after: "text" }
const expired = {
  event: "error",
  data: { code: "AUTH_TOKEN_EXPIRED", recoverable: true },
}

describe("X1: a token that expires in the middle of a stream", () => {
  it("ends the stream and not the run, and a new token reads the exact rest", async () => {
    const client = new Client(world.gateway.url, await tokenFor(5))
    const stream = await client.start(hanging)
    const end = await stream.until(({ event }) => event === "error")
    expect(end).toMatchObject(expired)
    expect(await stream.next()).toBeUndefined()

    const again = await client.events(stream.runId, { "last-event-id": end.id! })
    expect(again.response.status).toBe(401)
    const renewed = new Client(world.gateway.url, await tokenFor(500))
    const rest = await renewed.events(stream.runId, { "last-event-id": end.id! })
    await renewed.request("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    const all = await (await renewed.events(stream.runId)).rest()
    const seqs = (await rest.rest()).flatMap(({ seq }) => seq ?? [])
    expect(seqs).toEqual(all.flatMap(({ seq }) => seq ?? []).filter((seq) => seq > (end.seq ?? 0)))
    expect(all.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
  })

  it("ends the stream of a ticket that it created", async () => {
    const owner = new Client(world.gateway.url, await tokenFor(500))
    const stream = await owner.start(hanging)
    const short = new Client(world.gateway.url, await tokenFor(5))
    const { data } = await short.json("POST", `/api/v1/chat/runs/${stream.runId}/ticket`)
    const read = await new Client(world.gateway.url, "").stream("GET", data.url, undefined, {
      authorization: "",
    })
    expect(await read.until(({ event }) => event === "error")).toMatchObject(expired)
    const late = await fetch(`${world.gateway.url}${data.url}`)
    expect([late.status, await late.json()]).toMatchObject([401, { error: { code: "AUTH_TOKEN_EXPIRED" } }])
    stream.leave()
  })

  it("ends an operator's live view", async () => {
    const token = await tokenFor(5, { permissions: ["operator:read"] }, testOperatorSecret)
    const answer = await fetch(`${world.gateway.url}/api/v1/runtime/live`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(
      /\n\nid: end\nevent: error\ndata: \{"code":"AUTH_TOKEN_EXPIRED".*\}\n\n$/,
    )
  })
})
