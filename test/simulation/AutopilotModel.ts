/**
 * The autopilot's own code on simulated traffic, many times: how often it steps back without a cause, how early it
 * catches a harm, how long a plan takes. The figures of `docs/decisions/0012-autopilot.md`.
 */
import type { AutopilotPlan, AutopilotState } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import * as AutopilotRules from "../../src/rollout/AutopilotRules.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import * as Verdict from "../../src/rollout/Verdict.ts"
import { type Effect, noEffect, Traffic } from "./AutopilotTraffic.ts"

interface Rollout {
  /** The percentage of the first step back; undefined if there was none. */
  readonly wentBackAt: number | undefined
  /** The largest percentage before that. */
  readonly highest: number
  readonly state: AutopilotState
  readonly days: number
}

const day = 86_400_000
/** The interval of the ticks; the service ticks more often, which would cost more time here and change little. */
const lookMs = 300_000
/** A plan that still runs then counts as one that rises no further. */
const longestDays = 30

const plan: AutopilotPlan = { ...defaultAutopilotPlan, autoApprove: true }

/** One plan from its start to its end, or until only an operator can continue it. */
export const simulate = (seed: number, turnsPerSecond: number, effect: Effect): Rollout => {
  const traffic = new Traffic(seed, turnsPerSecond, effect)
  let state = AutopilotRules.start(plan, 0, 0)
  let samples = Samples.empty()
  let now = 0
  let first: Pick<Rollout, "highest" | "wentBackAt"> | undefined
  const goesOn = () =>
    !AutopilotRules.isFinished(state) &&
    !AutopilotRules.canResume(state) &&
    !state.verdict?.sampleRatio.mismatch
  while (goesOn() && now < longestDays * day) {
    now += lookMs
    Samples.addAll(samples, traffic.between(now, lookMs, state.percentage), plan.margins)
    const { percentage } = state
    const verdict = Verdict.judge(samples, plan, percentage)
    state = AutopilotRules.advance(state, {
      now,
      percentage,
      conflict: undefined,
      blocked: undefined,
      verdict,
    })
    if (state.percentage === percentage) continue
    if (state.setbacks === 1) first ??= { wentBackAt: percentage, highest: highestOf(state) }
    samples = Samples.empty()
    traffic.beginStep()
  }
  return { wentBackAt: undefined, highest: highestOf(state), ...first, state, days: now / day }
}

const highestOf = (state: AutopilotState): number =>
  Math.max(state.percentage, ...state.history.map(({ percentage }) => percentage))

interface TargetRow {
  readonly row: string
  readonly target: string
  readonly got: string
  readonly pass: boolean
}

const rolloutsPerRow = 200
const turnsPerSecond = 0.5

interface Target {
  readonly what: string
  readonly is: (rollout: Rollout) => boolean
  /** Shares of the rollouts. */
  readonly atLeast?: number
  readonly atMost?: number
}

/** One kind of difference, and the targets of rollouts with it. */
const rows = (
  name: string,
  effect: Partial<Effect>,
  targets: ReadonlyArray<Target>,
): ReadonlyArray<TargetRow> => {
  const rollouts = Array.from({ length: rolloutsPerRow }, (_, index) =>
    simulate(index + 1, turnsPerSecond, { ...noEffect, ...effect }),
  )
  return targets.map(({ atLeast = 0, atMost = 1, is, what }) => {
    const got = rollouts.filter(is).length / rolloutsPerRow
    return {
      row: `autopilot, ${name}: ${what}`,
      target: atLeast > 0 ? `>= ${percent(atLeast)}` : `<= ${percent(atMost)}`,
      got: percent(got),
      pass: got >= atLeast && got <= atMost,
    }
  })
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`

const completed = { what: "reaches 100 %", is: ({ state }: Rollout) => state.status === "completed" }
const wentBack = {
  what: "steps back without a cause",
  is: ({ wentBackAt }: Rollout) => wentBackAt !== undefined,
}
const caught = {
  what: "steps back before 25 %",
  is: ({ highest, wentBackAt }: Rollout) => wentBackAt !== undefined && highest < 25,
}
const stoppedShort = { what: "does not pass 25 %", is: ({ highest }: Rollout) => highest <= 25 }

/** Every target of the autopilot; takes about half a minute on one core. */
export const autopilotTargets = (): ReadonlyArray<TargetRow> => [
  ...rows("A/A", {}, [
    { ...completed, atLeast: 0.95 },
    { ...wentBack, atMost: 0.05 },
  ]),
  // Not quite A/A: during an outage its mode is worse. It rises again afterwards.
  ...rows("A/A, outages of their own", { ownOutages: true }, [{ ...completed, atLeast: 0.95 }]),
  ...rows("success 3 points lower", { failures: 0.03 }, [{ ...caught, atLeast: 0.9 }]),
  ...rows("3 % of faults hidden by the fallback", { hiddenFaults: 0.03 }, [{ ...caught, atLeast: 0.9 }]),
  ...rows("twice as slow", { latency: 2 }, [{ ...caught, atLeast: 0.9 }]),
  ...rows("three times the tokens", { tokens: 3 }, [{ ...caught, atLeast: 0.9 }]),
  ...rows("a fifth of the sessions lost", { lostSessions: 0.2 }, [{ ...stoppedShort, atLeast: 0.9 }]),
]
