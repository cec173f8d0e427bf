/**
 * Loaded into the gateway's process (`--import`): on SIGUSR2 it collects all garbage and prints the heap that is
 * left.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

process.on("SIGUSR2", () => {
  collect()
  collect()
  console.log(`heap ${process.memoryUsage().heapUsed}`)
})
