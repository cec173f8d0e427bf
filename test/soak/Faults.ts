/** The faults of a soak. Each is switched on and off separately; all are off at the end. */
import { DatabaseSync } from "node:sqlite"
import { startRedis } from "../support/redis.ts"
import type { SoakWorld } from "./SoakWorld.ts"

export interface Fault {
  readonly name: string
  /** A longer one would be another fault. */
  readonly longestMs?: number
  /** Returns the effect that ends it. */
  readonly begin: (world: SoakWorld) => Promise<() => Promise<void>>
}

const model = (name: string, setting: object): Fault => {
  const set = async (world: SoakWorld, body: object) => {
    const init = { method: "POST", body: JSON.stringify(body) }
    const answer = await fetch(`${world.sandbox.url}/sandbox/faults`, init)
    if (!answer.ok) throw new Error(`the sandbox refused ${JSON.stringify(body)}`)
  }
  return {
    name: `model ${name}`,
    begin: async (world) => {
      await set(world, setting)
      return () => set(world, { fault: "none" })
    },
  }
}

const conditions = (name: string, on: object, off: object): Fault => {
  const set = async (world: SoakWorld, body: object) => {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }
    await fetch(`${world.runtime.url}/test/conditions`, init)
  }
  return {
    name: `runtime ${name}`,
    begin: async (world) => {
      await set(world, on)
      return () => set(world, off)
    },
  }
}

const frozenRuntime: Fault = {
  name: "runtime frozen",
  begin: async ({ runtime }) => {
    process.kill(runtime.pid, "SIGSTOP")
    return async () => void process.kill(runtime.pid, "SIGCONT")
  },
}

/** It restarts on its port, and has lost its data. */
const redisAway: Fault = {
  name: "redis away",
  begin: async (world) => {
    await world.redis.stop()
    return async () => {
      world.redis = await startRedis(world.redis.port)
    }
  },
}

const frozenRedis: Fault = {
  name: "redis frozen",
  begin: async ({ redis }) => {
    process.kill(redis.pid, "SIGSTOP")
    return async () => void process.kill(redis.pid, "SIGCONT")
  },
}

const lockedStore: Fault = {
  name: "store locked",
  // Below what a writer waits for.
  longestMs: 500,
  begin: async ({ database }) => {
    const lock = new DatabaseSync(database, { timeout: 1000 })
    lock.exec("BEGIN IMMEDIATE")
    return async () => {
      lock.exec("COMMIT")
      lock.close()
    }
  },
}

const models: ReadonlyArray<Fault> = [
  model("down", { fault: "down" }),
  model("hangs", { fault: "hang" }),
  model("slow", { fault: "slow" }),
  model("fails half", { fault: "error-rate", rate: 0.5 }),
  model("cut", { fault: "cut", afterEvents: 3 }),
  model("garbage", { fault: "garbage", afterEvents: 2 }),
]

const runtimes: ReadonlyArray<Fault> = [
  conditions("slow", { slower: 10 }, { slower: 1 }),
  conditions("fails org-0", { failing_org: "org-0" }, { failing_org: null }),
  frozenRuntime,
]

const dependencies: ReadonlyArray<Fault> = [redisAway, frozenRedis, lockedStore]

/** One of each list is on at a time at most. */
export const faults = [models, runtimes, dependencies]
