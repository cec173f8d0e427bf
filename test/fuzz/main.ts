/**
 * `npm run fuzz -- --seconds 600 --seed 7`: coverage-guided fuzzing of all targets, or of those that `--target`
 * names; the time is the total. `--keep` adds the inputs that ran new code to the corpus of the repository.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { Coverage } from "./Coverage.ts"
import { fuzz, keep } from "./Fuzzing.ts"
import { targets } from "./Targets.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    target: { type: "string", multiple: true },
    keep: { type: "boolean", default: false },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const chosen = targets.filter(({ name }) => values.target?.includes(name) ?? true)
console.log(`fuzz of ${values.seconds} s with --seed ${seed}`)

const folder = ".cache/fuzz"
mkdirSync(folder, { recursive: true })

for (const target of chosen) {
  const until = performance.now() + (Number(values.seconds) * 1000) / chosen.length
  const coverage = new Coverage()
  const { found, fresh, runs } = await fuzz({
    target,
    seed,
    coverage,
    goesOn: () => performance.now() < until,
  })
  coverage.stop()
  console.log(`${target.name}: ${runs} runs, ${fresh.length} inputs with new coverage`)
  if (values.keep) keep(target.name, fresh)
  if (found === undefined) continue
  const file = `${folder}/${target.name}-${seed}`
  writeFileSync(file, found.input)
  console.error(
    `FAILED: ${found.what}\nThe input is in ${file}; --seed ${seed} --target ${target.name} finds it again.`,
  )
  process.exitCode = 1
}
