import { describe, expect, it } from "vitest"
import { fuzz, tried } from "./Fuzzing.ts"
import { targets } from "./Targets.ts"

const seed = Number(process.env["FUZZ_SEED"] ?? 1)
/** A few seconds in all. `npm run fuzz` runs longer, guided by coverage. */
const mostRuns = 3000

describe("U3: for any bytes", () => {
  it.for(targets)(
    "$name neither throws nor hangs, and its output is valid",
    { timeout: 60_000 },
    async (target) => {
      const { found, runs } = await fuzz({ target, seed, goesOn: (done) => done < mostRuns })
      expect(found?.what, `seed ${seed}: ${Buffer.from(found?.input ?? []).toString("base64")}`).toBe(
        undefined,
      )
      expect(runs).toBeGreaterThanOrEqual(mostRuns)
    },
  )

  it("a fault would be found", async () => {
    const broken = { name: "broken", seeds: () => [], run: () => Promise.reject(new Error("no")) }
    expect(await tried(broken, Buffer.from("a"))).toContain("Error: no")
  })
})
