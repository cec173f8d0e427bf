/**
 * The numbers of the breaker, as one value. The rules take it as an argument, so the simulator can change one number and run
 * the same code. Two groups are elsewhere: the thresholds of the contract are variables (`config/ConfigMonitor`), and memory
 * limits stay beside their structures. `breaker/TripRules` decides with these numbers.
 *
 * Times are milliseconds. Unless a comment names another source, docs/decisions/0014-breaker.md has the reasons.
 */

/** Shares of all sessions, step by step. A session that one step lets in stays in at the next. */
const rampShares: ReadonlyArray<number> = [0.2, 0.5, 1]

export const defaultPolicy = {
  // Fault counters (CUSUM)

  /** Faults less good attempts that open the global breaker. With half of all attempts failing the sum stands still. */
  faultLimit: 12,
  /** The most that one organisation adds to the fault counter: 25 % of its limit. */
  faultsOfOneOrg: 3,
  /** At +7 a timeout and -3 anything else the sum stands still at 30 % of timeouts, the rate of the contract. */
  timeoutLimit: 150,
  /** The most that one organisation adds to the timeout counter: 25 % of its limit. */
  timeoutsOfOneOrg: 37.5,
  timeoutWeight: 7,
  noTimeoutWeight: 3,
  /** Faults less good attempts that open the breaker of one organisation. */
  orgFaultLimit: 8,
  /** A success lowers the sum by 1 in all; most of it with the first progress. */
  progressWeight: 0.75,
  completionWeight: 0.25,
  /** A failed probe cannot be bad luck with one user's message. */
  probeWeight: 2,
  /** The fault counter's value from which probes confirm the suspicion. */
  suspicionAt: 3,
  /** A fault that ends sooner is no reason to leave the runtime. */
  leastSpanMs: 5000,
  /** Older evidence describes a fault that is over. */
  freshMs: 1000,
  /** A counter stops at its limit plus this share of it. */
  headroom: 5 / 12,

  // Isolation: one organisation or the runtime

  /** So many organisations may fail at once by chance. */
  alwaysPlausible: 3,
  /** The same for many organisations, as a share of those in the window. */
  plausibleShare: 0.2,

  // Direct mode

  /** Faults less good attempts from which direct mode counts as failing. */
  directFaultLimit: 12,
  /** The largest share of that limit that one organisation adds when four or more are in use. */
  directShareOfOneOrg: 0.25,
  /** Older evidence about direct mode expires: no turn has used it since, so it may have recovered. */
  directNewsMs: 60_000,

  // Silence: attempts that show no progress

  /** Attempts that must wait. Each hundredth takes longer than the p99; ten in a row are not chance. */
  enoughWaiting: 10,
  /** Three stalled attempts of other organisations mean the cause is shared. */
  fewOthers: 3,
  /** Silence lasts this many times the p99 of a healthy first progress. */
  silenceFactor: 1.5,
  leastSilenceMs: 4000,

  // Time to first progress

  /** The p99 before any attempt. It gives a limit of 15 s: longer than most runtimes need, short of what users bear. */
  assumedP99Ms: 6000,
  /**
   * Attempts after which a first bound replaces the assumption. The longest of 20 is no p99: with 95 % confidence it is above
   * 86 % of all, and the longest of 100 above 97 %. So the longest counts with a margin of 100 % at 20 attempts, 20 % at 100.
   */
  firstSamples: 20,
  /** Attempts that a measured p99 needs. */
  baselineSamples: 200,
  baselinePeriodMs: 600_000,
  /** The baseline moves by at most this share a period, so a runtime that slows down cannot move its own limit. */
  baselineLargestChange: 0.1,
  limitFactor: 2.5,
  leastLimitMs: 5000,
  greatestLimitMs: 45_000,
  /** The limit of an attempt that has shown nothing when the breaker opens. */
  abandonedMs: 3000,
  /** The limit of an attempt during the ramp. */
  rampLimitMs: 5000,

  // Open and half-open

  /** Long enough for a restart of the runtime, short enough to be back within a minute of its recovery. */
  firstDwellMs: 30_000,
  /** One probe in five minutes costs nothing. */
  maxDwellMs: 300_000,
  /** A trip this soon after closing means that the runtime had not recovered: the next dwell is longer. */
  relapseMs: 600_000,
  /** Good turns that close a half-open breaker. One may be luck where half of them fail. */
  goodToClose: 3,

  // Ramp

  rampShares,
  /** Good probes that start the ramp. */
  goodProbes: 3,
  /** Probes must stay good for this long, times `holdFactor` for each trip in a row. */
  firstHoldMs: 6000,
  holdFactor: 3,
  maxHoldMs: 300_000,
  /** A bad probe undoes all of a short hold and some of a long one, in which a stray failure is likely. */
  setBackMs: 10_000,
  leastStepMs: 5000,
  goodToRise: 5,
  /** At low traffic a step without a fault rises after this. */
  quietStepMs: 10_000,
  /** A step with a fault that does not repeat rises after this: its user may be gone. */
  doubtfulStepMs: 60_000,
  badToFall: 3,

  // Synthetic probes

  openIntervalMs: 2000,
  /** The interval after a good probe while open, and while probes confirm a suspicion. */
  eagerIntervalMs: 1000,
  /** Probes that confirm one suspicion. */
  confirmations: 5,
  /** The interval after them. A doubt that they do not settle must not stop all probes. */
  doubtIntervalMs: 30_000,
  /** The interval without users. */
  idleIntervalMs: 30_000,
  mostProbes: 5,
  /** Neutral probes in a row, about 20 s while open: the runtime refuses probes as such. */
  muteAt: 10,
  /** A probe without content after this is bad. */
  probeDeadlineMs: 8000,

  // Direct providers

  /**
   * Another provider answers instead, so a skip costs little: three faults in a row are enough. With 2 % errors that happens
   * once in 125 000 attempts.
   */
  providerFaultLimit: 3,
  /** Organisations that use a provider share its evidence; more than four count as four. */
  providerOrgs: 4,
  providerRecentMs: 10_000,
  /** Some servers ask for hours. No provider rests longer than this without evidence. */
  longestPauseMs: 60_000,

  // Fleet

  /** Eight exchanges: a longer delay is an outage. */
  lateMs: 2000,
}

export type Policy = Readonly<typeof defaultPolicy>
