/** The receiver of the page `get-notified`, as a program beside a gateway. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { type Running, start, temporaryFolder } from "../support/processes.ts"
import { testKey, webhookEnv } from "../support/webhookReceiver.ts"
import { useWorld } from "../support/world.ts"
import { blocksOf } from "./page.ts"

const folder = temporaryFolder()
let receiver: Running
beforeAll(async () => {
  const file = join(folder.path, "receiver.mjs")
  writeFileSync(file, blocksOf("get-notified", "js").join("\n"))
  const env = { PATH: process.env["PATH"] ?? "", NOTIFY_AUDIT_SECRET: testKey, PORT: "0" }
  receiver = await start(process.execPath, [file], env, (line) => /listens on (http:\S+)/.exec(line)?.[1])
})
afterAll(async () => {
  await receiver?.stop("SIGKILL")
  folder.dispose()
})

const world = useWorld(() => ({ NOTIFY_WEBHOOKS: "audit", ...webhookEnv("audit", "json", receiver.url) }))

it("accepts signed notifications and prints them, and refuses all others", async () => {
  const { data } = await world.operator.json("POST", "/api/v1/runtime/notifications/test")
  expect(data.results).toMatchObject([{ target: "audit", delivered: true, status: 204 }])
  await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "drill" })
  await eventually(async () => receiver.output().includes("override.set"))
  expect(receiver.output()).toMatch(/Z info test: This is a test by olga of ops\./)
  expect(receiver.output()).toMatch(
    /Z warning override\.set: olga of ops sends all organisations to direct mode/,
  )
  const forged = await fetch(receiver.url, {
    method: "POST",
    headers: {
      "webhook-id": "1",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": "v1,Zm9yZ2Vk",
    },
    body: '{"kind":"breaker.closed"}',
  })
  expect(forged.status).toBe(401)
  expect((await fetch(receiver.url, { method: "POST", body: "{}" })).status).toBe(401)
})
