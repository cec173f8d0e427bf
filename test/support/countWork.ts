/**
 * Loaded into the gateway's process (`--import`) by a test that counts the work of a turn: timers set, socket writes, fibers
 * and their steps, and bytes that survive small garbage collections. On SIGUSR2 it prints them as a line of JSON.
 */
import * as Effect from "effect/Effect"
import { Socket } from "node:net"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const timers = createRequire(import.meta.url)("node:timers") as Record<
  string,
  (...args: Array<unknown>) => unknown
>
const counted = { timers: 0, writes: 0, fibers: 0, steps: 0 }

interface Loop {
  readonly id: number
  readonly currentOpCount: number
}

/** The interpreter of Effect. Fibers of the start, which are the background loops, do not count. */
const fibers = Object.getPrototypeOf(Effect.runFork(Effect.void)) as {
  runLoop: (this: Loop, effect: unknown) => unknown
}
let newest = 0
let lastOfStart = Number.POSITIVE_INFINITY
const { runLoop } = fibers
fibers.runLoop = function (effect) {
  const result = runLoop.call(this, effect)
  if (this.id > lastOfStart) counted.steps += this.currentOpCount
  if (this.id > newest) {
    if (this.id > lastOfStart) counted.fibers++
    newest = this.id
  }
  return result
}

for (const name of ["setTimeout", "setInterval"] as const) {
  const original = globalThis[name] as (...args: Array<unknown>) => unknown
  const counting = Object.assign((...args: Array<unknown>) => {
    counted.timers++
    return original(...args)
  }, original)
  Object.assign(globalThis, { [name]: counting })
  timers[name] = counting
}
syncBuiltinESMExports()

// `write` and `cork` end in these; each is a system call.
const socket = Socket.prototype as unknown as Record<string, (...args: Array<unknown>) => unknown>
for (const name of ["_write", "_writev"]) {
  const original = socket[name]!
  socket[name] = function (this: unknown, ...args) {
    counted.writes++
    return original.apply(this, args)
  }
}

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as (options: { readonly type: "minor" }) => void

/** An object that survives two small collections is old. */
const keptBytes = (): number => {
  collect({ type: "minor" })
  collect({ type: "minor" })
  return process.memoryUsage().heapUsed
}

process.on("SIGUSR2", () => {
  lastOfStart = Math.min(lastOfStart, newest)
  console.log(`counted ${JSON.stringify({ ...counted, kept: keptBytes() })}`)
})
