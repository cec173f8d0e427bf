/**
 * The guardrail of feedback on simulated ratings, many times: false alarms at equal quality, and the delay until a
 * real drop is seen. The figures of `docs/decisions/0049-feedback.md`. It runs the code of the verdict.
 *
 * Ratings resemble each other within a session, arrive late, change and are withdrawn. The verdict is read every five
 * minutes.
 */
import type { Judgement } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import * as Verdict from "../../src/rollout/Verdict.ts"
import { type CohortRatings, noRatings } from "../../src/store/CohortRuns.ts"
import { uniform } from "./AutopilotTraffic.ts"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const lookMs = 5 * minute
const longestMs = 7 * day
/** Runs of each cohort: 0.5 turns a second at 50 %. */
const meanGapMs = 4000
const turnsOfSession = 4
/** One session in five rates a fifth of its answers; the others rate one in eighty. */
const raters = { share: 0.2, rates: 0.2, others: 0.0125 }
/** The mean share of thumbs down is 20 %: one session in five is much more critical. */
const critics = { share: 0.2, down: 0.6, others: 0.1 }
/** Four ratings of five come within minutes, the others within days. */
const late = { share: 0.2, meanMs: day, promptMs: 10 * minute }
const changed = { share: 0.05, withdrawn: 0.05, afterMs: hour }

export interface Watched {
  /** The time of the first `worse`, and the treatment's ratings then; undefined without one. */
  readonly worse: { readonly at: number; readonly ratings: number } | undefined
  /** The time of the first `as_good`, with enough ratings for a vote. */
  readonly asGood: { readonly at: number; readonly ratings: number } | undefined
}

/** A session's counts change by `n` and `y`. */
interface Change {
  readonly at: number
  readonly session: number
  readonly n: number
  readonly y: number
}

const exponential = (chance: () => number, mean: number): number => -mean * Math.log(1 - chance())

/** The changes that one rating causes: it comes, and may change or go. */
const ratingOf = (
  chance: () => number,
  session: number,
  ranAt: number,
  down: number,
): ReadonlyArray<Change> => {
  const delay = exponential(chance, chance() < late.share ? late.meanMs : late.promptMs)
  const y = chance() < down ? 1 : 0
  const at = ranAt + delay
  const fate = chance()
  const later = at + exponential(chance, changed.afterMs)
  const given = { at, session, n: 1, y }
  if (fate < changed.withdrawn) return [given, { at: later, session, n: -1, y: -y }]
  if (fate < changed.withdrawn + changed.share) return [given, { at: later, session, n: 0, y: 1 - 2 * y }]
  return [given]
}

const changesOf = (chance: () => number, moreDown: number): ReadonlyArray<Change> => {
  const changes: Array<Change> = []
  let at = 0
  for (let session = 0; at < longestMs; session++) {
    at += exponential(chance, meanGapMs * turnsOfSession)
    const rates = chance() < raters.share ? raters.rates : raters.others
    const down = (chance() < critics.share ? critics.down : critics.others) + moreDown
    let ranAt = at
    do {
      if (chance() < rates) changes.push(...ratingOf(chance, session, ranAt, down))
      ranAt += exponential(chance, minute)
    } while (chance() > 1 / turnsOfSession)
  }
  return changes.toSorted((a, b) => a.at - b.at)
}

/** The sums of one cohort, changed event by event. */
class Cohort {
  sums: CohortRatings = noRatings
  readonly #changes: ReadonlyArray<Change>
  readonly #sessions = new Map<number, { readonly n: number; readonly y: number }>()
  #next = 0

  constructor(changes: ReadonlyArray<Change>) {
    this.#changes = changes
  }

  until(now: number): CohortRatings {
    for (let change = this.#changes[this.#next]; change !== undefined && change.at <= now;) {
      this.#apply(change)
      change = this.#changes[++this.#next]
    }
    return this.sums
  }

  #apply({ n, session, y }: Change): void {
    const before = this.#sessions.get(session) ?? { n: 0, y: 0 }
    const after = { n: before.n + n, y: before.y + y }
    this.#sessions.set(session, after)
    const { sums } = this
    this.sums = {
      sessions: sums.sessions + Math.sign(after.n) - Math.sign(before.n),
      n: sums.n + n,
      y: sums.y + y,
      nn: sums.nn + after.n ** 2 - before.n ** 2,
      ny: sums.ny + after.n * after.y - before.n * before.y,
      yy: sums.yy + after.y ** 2 - before.y ** 2,
    }
  }
}

const judgementOf = (ratings: Samples.Samples["ratings"]): { judgement: Judgement; votes: boolean } => {
  const { guardrails } = Verdict.judge({ ...Samples.empty(), ratings }, defaultAutopilotPlan, 50)
  const feedback = guardrails.find(({ guardrail }) => guardrail === "feedback")!
  return { judgement: feedback.judgement, votes: Verdict.hasVote(feedback) }
}

/** One step of a week; `moreDown` is added to the treatment's share of thumbs down. */
export const watch = (seed: number, moreDown: number): Watched => {
  const chance = uniform(Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b)
  const treatment = new Cohort(changesOf(chance, moreDown))
  const control = new Cohort(changesOf(chance, 0))
  let worse: Watched["worse"]
  let asGood: Watched["asGood"]
  for (let now = lookMs; now <= longestMs && worse === undefined; now += lookMs) {
    const ratings = { treatment: treatment.until(now), control: control.until(now) }
    const { judgement, votes } = judgementOf(ratings)
    const found = { at: now, ratings: ratings.treatment.n }
    if (judgement === "worse") worse = found
    if (judgement === "as_good" && votes) asGood ??= found
  }
  return { worse, asGood }
}

const quantile = (values: ReadonlyArray<number>, share: number): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)]

/** One line of the decision's table. */
export const rowOf = (moreDown: number, seeds: number) => {
  const all = Array.from({ length: seeds }, (_, seed) => watch(seed + 1, moreDown))
  const worse = all.flatMap((one) => one.worse ?? [])
  const asGood = all.flatMap((one) => one.asGood ?? [])
  const first = all.filter(
    (one) => one.asGood !== undefined && (one.worse === undefined || one.asGood.at < one.worse.at),
  )
  const of = (found: ReadonlyArray<{ readonly ratings: number }>, share: number) =>
    quantile(
      found.map(({ ratings }) => ratings),
      share,
    )
  return {
    points: 100 * moreDown,
    worse: worse.length / seeds,
    asGoodFirst: first.length / seeds,
    ratingsToWorse: [of(worse, 0.5), of(worse, 0.9)],
    ratingsToAsGood: [of(asGood, 0.5), of(asGood, 0.9)],
    hoursToWorse: quantile(
      worse.map(({ at }) => Math.round(at / hour)),
      0.5,
    ),
  }
}

const seedsPerRow = 300

/** Every target of the guardrail. */
export const feedbackTargets = () =>
  [
    { moreDown: 0, what: "is worse without a cause", is: "worse", atMost: 0.01 },
    { moreDown: 0, what: "is as good first", is: "asGoodFirst", atLeast: 0.95 },
    { moreDown: 0.1, what: "is worse within a week", is: "worse", atLeast: 0.9 },
    { moreDown: 0.2, what: "is worse before it is as good", is: "worse", atLeast: 0.99 },
  ].map(({ atLeast = 0, atMost = 1, is, moreDown, what }) => {
    const row = rowOf(moreDown, seedsPerRow)
    const got = is === "worse" ? row.worse : row.asGoodFirst
    const percent = (share: number) => `${Number((100 * share).toFixed(1))} %`
    return {
      row: `feedback, ${100 * moreDown} points more thumbs down: ${what}`,
      target: atLeast > 0 ? `>= ${percent(atLeast)}` : `<= ${percent(atMost)}`,
      got: percent(got),
      pass: got >= atLeast && got <= atMost,
    }
  })
