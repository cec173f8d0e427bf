/**
 * `docs/pictures/console-*.png`: the views of the console, taken by `npm run pictures` from a gateway on its sandbox. Chromium must be on the
 * PATH, and the console built.
 */
import { mkdirSync, statSync } from "node:fs"
import { chromium as launcher, type Page } from "playwright-core"
import { chromium } from "../test/support/browser.ts"
import { Client, eventually, operatorToken, tokenFor } from "../test/support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../test/support/processes.ts"

/** The breaker of the whole service opens only if several organisations have failures. */
const orgs = ["acme", "globex", "initech"]
const folder = "docs/pictures"
const viewport = { width: 960, height: 600 }
const largest = 60 * 1024

export interface Filled {
  readonly gateway: Running
  readonly client: Client
  readonly token: string
  /** A turn to its end. Returns its run. */
  readonly turn: (text: string) => Promise<string>
  readonly fault: (fault: object) => Promise<void>
}

/** A gateway on its sandbox with a few turns, their shadows, and orders of an operator. */
export const fill = async (dataFolder: string): Promise<Filled> => {
  const gateway = await startGateway({
    DATA_DIR: dataFolder,
    CHAT_EXECUTION_MODE: "direct_llm",
    CHAT_RUNTIME_SHADOW_PERCENT: "100",
    CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
    CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "10",
    SHADOW_STORE_TEXT: "true",
  })
  const token = await operatorToken(["*", "operator:*"], "acme", "ana")
  const client = new Client(gateway.url, token)
  const { sandbox } = (await client.json("GET", "/api/v1/health/ready")).data
  const turn = async (text: string) => {
    const stream = await client.start(text)
    await stream.rest()
    return stream.runId
  }
  const fault = async (body: object) => {
    await fetch(`${sandbox.runtimeUrl}/sandbox/faults`, { method: "POST", body: JSON.stringify(body) })
  }
  return { gateway, client, token, turn, fault }
}

/** Turns of both modes, one of them with a fallback. Returns the failed run. */
export const send = async ({ client, fault, turn }: Filled): Promise<string> => {
  for (const text of ["Which plans do you offer?", "Reset my password", "Compare the two invoices"])
    await turn(text)
  const reason = "First organisation"
  await client.json("PUT", "/api/v1/runtime/rollout", { enabledOrgs: orgs, reason })
  for (const text of ["Plan a trip to Lisbon", "Write a summary of the meeting"]) await turn(text)
  await fault({ fault: "cut", afterEvents: 6 })
  const failed = await turn("Find the cheapest flight")
  await fault({ fault: "cut", afterEvents: 3 })
  await turn("Translate this letter")
  await fault({ fault: "none" })
  await turn("Hello")
  return failed
}

/** The runtime goes down, and the breaker opens. */
export const trip = async ({ client, fault, gateway }: Filled): Promise<void> => {
  await fault({ fault: "down" })
  const users = await Promise.all(
    orgs.map(async (org) => new Client(gateway.url, await tokenFor(org, "ben"))),
  )
  for (let sent = 0; sent < 40; sent++) {
    await Promise.all(users.map(async (user) => (await user.start(`Question ${sent + 1}`)).rest()))
    const { data } = await client.json("GET", "/api/v1/runtime/fallback/status")
    if (data.state !== "closed") return
  }
  throw new Error("the breaker has not opened")
}
