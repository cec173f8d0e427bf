/** Turns with shadows in a real world, and the reports about them. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { eventually, type Stream } from "./chatClient.ts"
import type { World } from "./world.ts"
export const shadowed = {
  CHAT_RUNTIME_SHADOW_PERCENT: "100",
  CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "1000",
  CHAT_STALL_TIMEOUT_MS: "1000",
}

export const path = "/api/v1/runtime/shadow"
export const report = async (world: World, query = "") =>
  (await world.operator.json("GET", `${path}/report${query}`)).data
export const mismatches = async (world: World, query = "") =>
  (await world.operator.json("GET", `${path}/mismatches${query}`)).data.mismatches

export interface LedgerSum {
  readonly mode: string
  readonly ending: string
  readonly runs: number
  readonly tokens: number
  readonly estimatedTokens: number
}

/** The number of ended shadows: completed, or dropped because of the machine's load. */
export const ended = async (world: World) => {
  const { ledger } = await report(world)
  const runs = (byLoad: boolean) =>
    ledger
      .filter(({ ending }: LedgerSum) => ending.endsWith("_load") === byLoad)
      .reduce((sum: number, entry: LedgerSum) => sum + entry.runs, 0)
  return { byLoad: runs(true), otherwise: runs(false) }
}

/** The number of users' turns so far. */
export let sent = 0

/**
 * A turn, and the end of its shadow: of two concurrent shadows one would be dropped. A busy machine drops a shadow by
 * design; then both run again. `prepare` prepares the shadow's answer.
 */
export const turn = async (
  world: World,
  message: unknown,
  prepare: () => Promise<void> | void = () => {},
): Promise<Stream> => {
  for (let tries = 0; tries < 10; tries++) {
    const before = await ended(world)
    await prepare()
    const stream = await world.client.start(message)
    await stream.rest()
    sent += 1
    const after = await eventually(async () => {
      const now = await ended(world)
      return now.byLoad + now.otherwise > before.byLoad + before.otherwise && now
    })
    if (after.byLoad === before.byLoad) return stream
    world.model.asked.length = 0
    world.model.answers.length = 0
    // The load is measured at this interval.
    await setTimeout(1000)
    if (world.runtime.isAlive()) await fetch(`${world.runtime.url}/test/reset`, { method: "POST" })
  }
  throw new Error("every shadow was given up: the machine is too busy for this test")
}

/** The modes' figures after users' turns: a shadow must change none of them. */
export const figures = async (world: World) => {
  const { direct, fallbackEnabled, runtime } = (await world.operator.json("GET", "/api/v1/runtime/metrics"))
    .data
  return { direct: direct.total, runtime: runtime.total, fallbackEnabled }
}

export const onDisk = (world: World, text: string): boolean =>
  readdirSync(world.folder.path).some((file) => readFileSync(join(world.folder.path, file)).includes(text))
