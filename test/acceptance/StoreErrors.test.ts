/**
 * X7: a store whose statements fail. Its errors name tables, files and SQL; callers read a code, a sentence and an
 * id.
 */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Client, defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
let client: Client
beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder.path })
  client = new Client(gateway.url, await tokenFor())
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const tables = ["agents", "sessions", "runs", "messages"]
const id = "01890000-0000-7000-8000-000000000001"
const asks: ReadonlyArray<readonly [method: string, path: string, body?: object]> = [
  ["GET", "/api/v1/agents"],
  ["GET", `/api/v1/agents/${id}`],
  ["POST", "/api/v1/agents", { name: "Helper" }],
  ["PATCH", `/api/v1/agents/${id}`, { name: "Helper" }],
  ["POST", "/api/v1/chat/start", { agentId: defaultAgent, message: "hi" }],
  ["POST", `/api/v1/chat/sessions/${id}`, { message: "hi" }],
  ["GET", "/api/v1/chat/sessions"],
  ["GET", `/api/v1/chat/sessions/${id}`],
  ["GET", `/api/v1/chat/runs/${id}`],
  ["GET", `/api/v1/chat/runs/${id}/events`],
]

it("X7: answers 200 requests without a word about its store, and survives", async () => {
  const database = new DatabaseSync(join(folder.path, "crossfade.db"))
  for (const table of tables) database.exec(`ALTER TABLE ${table} RENAME TO ${table}_gone`)
  database.close()
  for (let count = 0; count < 200; count += 1) {
    const [method, path, body] = asks[count % asks.length]!
    const response = await client.request(method, path, body)
    const text = await response.text()
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    expect([path, response.status, error.code]).toEqual([path, 503, "OVERLOADED"])
    expect(error.message).toBe("The store is not available. Nothing was taken.")
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
    expect(text).not.toMatch(/sql|select|insert|table|column|no such|_gone|\.db|\/src\/|\bat \b|stack/i)
  }
  expect(gateway.isAlive()).toBe(true)
})
