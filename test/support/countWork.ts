/**
 * Loaded into the gateway's process (`--import`) by a test that counts the work of a turn: timers set, socket writes,
 * and bytes that survive small garbage collections. On SIGUSR2 it prints them as a line of JSON.
 */
import { Socket } from "node:net"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const timers = createRequire(import.meta.url)("node:timers") as Record<
  string,
  (...args: Array<unknown>) => unknown
>
const counted = { timers: 0, writes: 0 }

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

process.on("SIGUSR2", () => console.log(`counted ${JSON.stringify({ ...counted, kept: keptBytes() })}`))
