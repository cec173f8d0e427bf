/**
 * Loaded into a measured process (`--import`). On SIGUSR2 it collects all garbage and prints the memory that is left,
 * as a line of JSON.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
// Otherwise each collection drops code that was not used lately, and the heap shrinks by megabytes meanwhile.
setFlagsFromString("--no-flush-bytecode")
const collect = runInNewContext("gc") as () => void

process.on("SIGUSR2", () => {
  collect()
  collect()
  // The sweeper gives pages back in the background.
  setTimeout(() => console.log(`memory ${JSON.stringify(process.memoryUsage())}`), 500)
})
