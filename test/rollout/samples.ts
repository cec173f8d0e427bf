/** Made-up runs of both cohorts, the same for the same seed. */
import type { CohortRun } from "../../src/store/CohortRuns.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"

/** A linear congruential generator (Numerical Recipes); its upper bits are good enough for tests. */
export const chanceOf = (seed: number) => {
  let state = Math.imul(seed, 2654435761) >>> 0
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

export const run = (
  cohort: CohortRun["cohort"],
  sessionId: string,
  also: Partial<CohortRun> = {},
): CohortRun => ({
  sessionId: `${cohort}-${sessionId}`,
  cohort,
  status: "completed",
  repeats: false,
  attempts: 1,
  firstContentMs: 500,
  totalMs: 2000,
  tokens: 300,
  createdAt: 0,
  ...also,
})

/** `sessions` of one run in each cohort; `differ` says what the treatment's runs have instead. */
export const samplesOf = (
  sessions: number,
  differ: (chance: () => number) => Partial<CohortRun> = () => ({}),
  { lost = 0, seed = 1 } = {},
): Samples.Samples => {
  const samples = Samples.empty()
  const chance = chanceOf(seed)
  const common = () => ({
    status: chance() < 0.02 ? ("failed" as const) : ("completed" as const),
    firstContentMs: 300 + 900 * chance(),
    totalMs: 1000 + 4000 * chance(),
    tokens: 100 + 400 * chance(),
  })
  for (let index = 0; index < sessions; index += 50) {
    const batch = Array.from({ length: Math.min(50, sessions - index) }, (_, at) => String(index + at))
    const control = batch.map((id) => run("control", id, common()))
    const treatment = batch
      .filter(() => chance() >= lost)
      .map((id) => run("treatment", id, { ...common(), ...differ(chance) }))
    Samples.addAll(samples, [...control, ...treatment], defaultAutopilotPlan.margins)
  }
  return samples
}
