/** Never leaves the runtime: shows the effect of each turn's own move to direct mode without any breaker. */
import type { Policy } from "./Policy.ts"
import { totalMs } from "./Simulation.ts"

export const make = (): Policy<object> => ({
  name: "stay",
  admit: () => ({}),
  started: () => {},
  progressed: () => {},
  ended: () => {},
  firstProgressLimitMs: () => totalMs,
  tick: () => undefined,
  probeEnded: () => {},
  state: () => "closed",
  share: () => 1,
})
