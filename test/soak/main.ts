/** `npm run soak -- --minutes 120 --seed 42`: a soak of any length. A failure prints the seed. */
import { parseArgs } from "node:util"
import { runSoak } from "./Soak.ts"

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const seconds = Number(values.minutes) * 60
console.log(`soak of ${seconds} s with --seed ${seed}`)
const { violations, ...figures } = await runSoak({ seconds, seed, log: console.log })
console.log(figures)
for (const violation of violations) console.error(violation)
if (violations.length > 0) {
  console.error(`FAILED: run it again with --minutes ${values.minutes} --seed ${seed}`)
  process.exitCode = 1
}
