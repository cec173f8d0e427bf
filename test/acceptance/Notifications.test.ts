/** Events of a running service, from the operator's command to the webhooks of a chat. */
import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, eventually, operatorToken } from "../support/chatClient.ts"
import { testSecret } from "../support/processes.ts"
import { type Receiver, startReceiver, webhookEnv } from "../support/webhookReceiver.ts"
import { useWorld } from "../support/world.ts"

const forms = ["json", "slack", "teams"] as const
const receivers: Array<Receiver> = []
beforeAll(async () => {
  for (const form of forms) receivers.push(await startReceiver(form))
})
afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())))

const world = useWorld(() => ({
  NODE_ENV: "production",
  AUTH_JWT_SECRET: testSecret,
  NOTIFY_WEBHOOKS: "audit,chat,team",
  ...webhookEnv("audit", "json", receivers[0]!.url),
  ...webhookEnv("chat", "slack", receivers[1]!.url),
  ...webhookEnv("team", "teams", receivers[2]!.url),
}))

const force = (body: Readonly<Record<string, unknown>>) =>
  world.operator.json("POST", "/api/v1/runtime/fallback/force", body)

const arrived = (count: number) =>
  eventually(async () => receivers.every(({ received }) => received.length >= count), 20)

/** The log lines of announced events. */
const lines = (): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  world.gateway
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event !== undefined)

const cli = (token: string, ...more: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number; readonly out: string; readonly error: string }>((done) => {
    const env = { PATH: process.env["PATH"], CROSSFADE_TOKEN: token }
    const args = [resolve("src/cli/main.ts"), "notify", "test", "--url", world.gateway.url, ...more]
    execFile(process.execPath, args, { env }, (failure, out, error) =>
      done({ code: typeof failure?.code === "number" ? failure.code : 0, out, error }),
    )
  })

/** The first view of the live stream. */
const firstView = async (): Promise<{ readonly notifications: ReadonlyArray<{ readonly id: string }> }> => {
  const response = await world.operator.request("GET", "/api/v1/runtime/live")
  let text = ""
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const data = /^event: snapshot\ndata: (.*)\n\n/m.exec(text)?.[1]
    if (data !== undefined) return JSON.parse(data)
  }
  throw new Error("no view came")
}

describe("notifications", () => {
  it("announce an override, its end and its expiry once each: log, metric, live view and webhooks", async () => {
    await force({ mode: "direct_llm", reason: "drill <1>" })
    await force({ mode: "none", reason: "over" })
    await force({ mode: "direct_llm", orgId: "acme", reason: "short", expiresAt: Date.now() + 1500 })
    await arrived(4)
    const kinds = ["override.set", "override.ended", "override.set", "override.expired"]
    const received = receivers[0]!.notifications()
    expect(received.map(({ by, kind, orgId }) => [kind, orgId, by])).toEqual([
      [kinds[0], null, "olga of ops"],
      [kinds[1], null, "olga of ops"],
      [kinds[2], "acme", "olga of ops"],
      [kinds[3], "acme", null],
    ])
    expect(received[1]!.text).toMatch(
      /ended by olga of ops after .*: over\. olga of ops had set it: drill <1>\./,
    )
    expect(received[3]!.text).toMatch(
      /for the organisation acme expired after \d+ s\. olga of ops had set it: short\./,
    )
    expect(receivers[1]!.received[0]!.body).toContain("drill &lt;1&gt;")

    const logged = lines()
    expect(logged.map(({ event, notificationId }) => [event, notificationId])).toEqual(
      received.map(({ id, kind }) => [kind, id]),
    )
    expect(logged[2]).toMatchObject({ org: "acme", by: "olga of ops", reason: "short", level: "warn" })

    const metrics = await (await fetch(`${world.gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/crossfade_notifications_total\{[^}]*kind="override.set"[^}]*\} 2/)
    const delivered = metrics.split("\n").filter((line) => /deliveries_total.*="delivered"/.test(line))
    expect(delivered.map((line) => line.endsWith(" 4"))).toEqual([true, true, true])

    const view = await firstView()
    expect(view.notifications.map(({ id }) => id)).toEqual(received.map(({ id }) => id).toReversed())
  })

  it("are tried by an operator, who sees each result but no address", async () => {
    const before = receivers.map(({ received }) => received.length)
    receivers[1]!.answers.push({ status: 404, body: "no_service" })
    const { data } = await world.operator.json("POST", "/api/v1/runtime/notifications/test")
    expect(data.results).toMatchObject([
      { target: "audit", form: "json", delivered: true, status: 204, reason: null },
      { target: "chat", form: "slack", delivered: false, status: 404, reason: "answered 404 (no_service)" },
      { target: "team", form: "teams", delivered: true, status: 202, reason: null },
    ])
    const token = await operatorToken()
    const shown = await cli(token)
    expect([shown.code, shown.error]).toEqual([0, ""])
    expect(shown.out).toMatch(/^audit \(json\): delivered in \d+ ms, answer 204\nchat \(slack\): delivered/)
    const json = await cli(token, "--json")
    expect([json.code, JSON.parse(json.out).results.length]).toEqual([0, 3])
    receivers[2]!.answers.push({ status: 500 })
    const failed = await cli(token)
    expect(failed.code).toBe(1)
    expect(failed.out).toContain("team (teams): NOT delivered: answered 500")
    expect(failed.error).toContain("1 of 3 failed")
    expect(receivers.map(({ received }, index) => received.length - before[index]!)).toEqual([4, 3, 3])
    expect(receivers[0]!.notifications().at(-1)).toMatchObject({ kind: "test", by: "olga of ops" })
    const reader = new Client(world.gateway.url, await operatorToken(["operator:read"]))
    expect((await reader.request("POST", "/api/v1/runtime/notifications/test")).status).toBe(403)
    for (const text of [world.gateway.output(), shown.out, failed.out, JSON.stringify(data)])
      expect(text).not.toContain("/services/")
  })

  it("are not repeated by a restart, and show no address when a receiver is away", async () => {
    await force({ mode: "runtime_orchestrator", reason: "stays" })
    const count = receivers[0]!.received.length
    await eventually(async () => receivers[0]!.notifications().at(-1)?.reason === "stays")
    await world.restart()
    expect((await world.operator.json("GET", "/api/v1/runtime/fallback/status")).data.state).toBe(
      "forced_runtime",
    )
    expect(lines()).toEqual([])
    expect(receivers[0]!.received.length).toBeLessThanOrEqual(count + 1)
    await receivers[1]!.stop()
    await force({ mode: "none", reason: "over" })
    await eventually(async () => receivers[0]!.notifications().at(-1)?.kind === "override.ended")
    const { port } = receivers[1]!
    receivers[1] = await startReceiver("slack", port)
    await eventually(async () => receivers[1]!.received.length === 1, 20)
    expect(world.gateway.output()).not.toContain("/services/")
  })

  it("delay a stop by seconds only, while a delivery hangs", async () => {
    receivers[2]!.answers.push("hang")
    const tries = receivers[2]!.tries.length
    await force({ mode: "direct_llm", reason: "last" })
    await eventually(async () => receivers[2]!.tries.length > tries)
    const startedAt = Date.now()
    await world.gateway.stop("SIGTERM")
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    expect(world.gateway.output()).toContain("the stop dropped 1 notifications")
    expect(receivers[0]!.notifications().at(-1)?.reason).toBe("last")
  })
})
