import { expect, it } from "vitest"
import { runSoak } from "./Soak.ts"

const seconds = Number(process.env["SOAK_SECONDS"] ?? 60)
const seed = Number(process.env["SOAK_SEED"] ?? 1)

it(
  `L4: ${seconds} s of turns with changing faults keep every invariant, and leave nothing behind`,
  { timeout: (seconds + 180) * 1000 },
  async () => {
    const lines: Array<string> = []
    const soaked = await runSoak({ seconds, seed, log: (line) => lines.push(line) })
    expect(soaked.violations, `--seed ${seed}\n${lines.join("\n")}`).toEqual([])
    expect(soaked.turns).toBeGreaterThan(seconds)
    expect(soaked.faults).toBeGreaterThan(seconds / 10)
  },
)
