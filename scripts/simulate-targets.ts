/**
 * Prints every target of the fallback policy with the simulated result; exit code 1 when one is missed. `npm run
 * simulate:targets`; with `-- --quick` fewer seeds and shorter healthy runs (which the rows then say) and no
 * autopilot.
 */
import * as AutopilotModel from "../test/simulation/AutopilotModel.ts"
import * as FeedbackModel from "../test/simulation/FeedbackModel.ts"
import * as Policies from "../src/simulation/Policies.ts"
import * as Table from "../src/simulation/Table.ts"
import * as TargetRows from "../test/simulation/TargetRows.ts"

const quick = process.argv.includes("--quick")
const effort: TargetRows.Effort = quick ? { seeds: 5, turns: 400_000 } : { seeds: 20, turns: Infinity }
const policy = (name: Policies.Name) => () => Policies.make(name, Policies.usual)

const rows: Array<() => ReadonlyArray<TargetRows.Result>> = TargetRows.targets(policy("stay")).map(
  (target) => () => TargetRows.judge(target, policy("ours"), effort),
)

// These rows cannot be shortened: a share of fewer than 200 rollouts is too noisy.
if (!quick) rows.push(AutopilotModel.autopilotTargets, FeedbackModel.feedbackTargets)

const results = rows.flatMap((row) => row())
const lines = results.map(({ got, pass, row, target }) => [row, target, got, pass ? "ok" : "MISSED"])
console.log(Table.text(["row", "target", "got", ""], lines))
const missed = results.filter(({ pass }) => !pass).length
const shortened = quick ? " Quick: at most 5 seeds, healthy runs of at most 400 000 turns, no autopilot." : ""
console.log(`\n${results.length - missed} of ${results.length} targets are met.${shortened}`)
if (missed > 0) process.exitCode = 1
