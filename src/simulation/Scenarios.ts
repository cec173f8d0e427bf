/**
 * The scenarios of the fallback policy, by name. By default 5 turns per second from 50 organisations, and 10 minutes
 * of fault.
 */
import type { Fault, Scenario } from "./Scenario.ts"

const usual = { turnsPerSecond: 5, seconds: 3600, orgs: 50, errorRate: 0.02 }

/** A fault of the runtime, from minute 10 to minute 20. */
const runtime = (what: Fault["what"], extra: Partial<Fault> = {}): Fault => ({
  mode: "runtime_orchestrator",
  what,
  from: 600,
  to: 1200,
  ...extra,
})

const refused = { kind: "refused" } as const
const hang = { kind: "hang" } as const
const day = 86_400

/** Refused for 3 s in each hour. */
const blips = Array.from({ length: 24 }, (_, hour) => {
  const from = hour * 3600 + 1800
  return runtime(refused, { from, to: from + 3 })
})

const healthy = (turnsPerSecond: number): Scenario => ({
  name: `healthy-${turnsPerSecond}`,
  ...usual,
  turnsPerSecond,
  seconds: 10 * day,
  faults: [],
})

export const healthyRates: ReadonlyArray<number> = [0.1, 0.5, 2, 10, 50]

export const scenarios: ReadonlyArray<Scenario> = [
  { name: "refused", ...usual, faults: [runtime(refused)] },
  { name: "hang", ...usual, faults: [runtime(hang)] },
  { name: "slow", ...usual, faults: [runtime({ kind: "slow", factor: 20 })] },
  { name: "errors-70", ...usual, faults: [runtime({ kind: "errors", share: 0.7 })] },
  { name: "errors-20", ...usual, faults: [runtime({ kind: "errors", share: 0.2 })] },
  { name: "flapping", ...usual, faults: [runtime(refused, { flapping: { on: 30, off: 30 } })] },
  { name: "poisoned-org", ...usual, faults: [runtime({ kind: "errors", share: 1 }, { org: 0 })] },
  {
    name: "both-modes",
    ...usual,
    faults: [runtime(refused), { ...runtime({ kind: "errors", share: 0.9 }), mode: "direct_llm" }],
  },
  {
    // At this rate 10 minutes of fault would be only 10 chats.
    name: "one-a-minute",
    ...usual,
    turnsPerSecond: 1 / 60,
    seconds: 36_000,
    orgs: 5,
    faults: [runtime(refused, { from: 6000, to: 12_000 })],
  },
  { name: "hang-50", ...usual, turnsPerSecond: 50, faults: [runtime(hang)] },
  { name: "blips", ...usual, seconds: day, faults: blips },
  ...healthyRates.map(healthy),
  // Not in the policy's table: these show the purpose of each signal.
  { name: "hangs-40", ...usual, faults: [runtime({ kind: "hang", share: 0.4 })] },
  { name: "slow-5", ...usual, faults: [runtime({ kind: "slow", factor: 5 })] },
  { name: "one-org-refused", ...usual, orgs: 1, faults: [runtime(refused)] },
  { name: "one-org-hang", ...usual, orgs: 1, faults: [runtime(hang)] },
  { name: "two-orgs-errors-70", ...usual, orgs: 2, faults: [runtime({ kind: "errors", share: 0.7 })] },
  { name: "three-orgs-errors-70", ...usual, orgs: 3, faults: [runtime({ kind: "errors", share: 0.7 })] },
  {
    name: "one-of-three-orgs",
    ...usual,
    orgs: 3,
    faults: [runtime({ kind: "errors", share: 1 }, { org: 0 })],
  },
  { name: "one-of-two-orgs", ...usual, orgs: 2, faults: [runtime(refused, { org: 0 })] },
  {
    name: "poisoned-org-hang",
    ...usual,
    faults: [runtime(hang, { org: 0 })],
  },
  {
    // A fault that only real turns meet: the synthetic probes belong to no organisation.
    name: "unseen-by-probes",
    ...usual,
    orgs: 5,
    faults: Array.from({ length: 5 }, (_, org) => runtime({ kind: "errors", share: 1 }, { org })),
  },
  { name: "errors-55", ...usual, faults: [runtime({ kind: "errors", share: 0.55 })] },
  {
    name: "one-a-minute-hang",
    ...usual,
    turnsPerSecond: 1 / 60,
    seconds: 36_000,
    orgs: 5,
    faults: [runtime(hang, { from: 6000, to: 12_000 })],
  },
]

export const find = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`There is no scenario ${name}`)
  return found
}
