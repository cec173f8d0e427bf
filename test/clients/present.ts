/**
 * True if a client's program is installed. If it is missing, its tests are left out with a line that reports it; CI
 * fails.
 */
import { existsSync } from "node:fs"

export const present = (program: string, setup: string): boolean => {
  const found = existsSync(program)
  if (!found && process.env["CI"]) throw new Error(`No ${program}: run ${setup}`)
  if (!found) console.warn(`!!! NO ${program}: its tests are LEFT OUT. Run ${setup}.`)
  return found
}
