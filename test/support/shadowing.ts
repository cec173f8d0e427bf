/** Turns with shadows in a real world, and what is told of them. */
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

/** Shadows that have ended: by the load of the machine, or otherwise. */
export const ended = async (world: World) => {
  const { ledger } = await report(world)
  const runs = (byLoad: boolean) =>
    ledger
      .filter(({ ending }: LedgerSum) => ending.endsWith("_load") === byLoad)
      .reduce((sum: number, entry: LedgerSum) => sum + entry.runs, 0)
  return { byLoad: runs(true), otherwise: runs(false) }
}

/** Users' turns so far. */
export let sent = 0

/**
 * A turn, and the end of its shadow: two shadows at once would leave one out. On a machine that has nothing to spare a
 * shadow is given up, as it should be; then both are played once more. `prepare` lays out the shadow's answer.
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
    // As often as the load is measured.
    await setTimeout(1000)
    if (world.runtime.isAlive()) await fetch(`${world.runtime.url}/test/reset`, { method: "POST" })
  }
  throw new Error("every shadow was given up: the machine is too busy for this test")
}

/** What users' turns have done to the modes: of these figures a shadow must move none. */
export const figures = async (world: World) => {
  const { direct, fallbackEnabled, runtime } = (await world.operator.json("GET", "/api/v1/runtime/metrics"))
    .data
  return { direct: direct.total, runtime: runtime.total, fallbackEnabled }
}

export const onDisk = (world: World, text: string): boolean =>
  readdirSync(world.folder.path).some((file) => readFileSync(join(world.folder.path, file)).includes(text))
