/**
 * Counts over the shadow pairs. Pure; a report holds counts only, so its size does not depend on the number of pairs.
 *
 * A/A pairs show, per dimension, how often a mode agrees with itself. A difference between the modes is reported only
 * if they agree less often than that, beyond chance. Both directions count together: A/A is drawn from the same turns
 * in the same share, so the noise is valid for the mixture.
 */
import { type Dimension, dimensions, type ShadowPair } from "../domain/ShadowPair.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { tolerance } from "./Comparison.ts"
import { difference, type Interval, type Rate, wilson } from "./RateIntervals.ts"

/** With fewer pairs of a kind, the interval is wider than any difference that matters. */
export const minPairs = 30
/**
 * 5 % over all eleven dimensions together (Bonferroni), so that a report of two equal modes is clean 19 times in 20.
 */
const zFamily = 2.838
/** Organisations and agents with the most pairs; the others count only in the total. */
const longestList = 50

type Counts = { readonly [D in Dimension]: { of: number; agreeing: number } }
type Sum = { of: number; sum: number }

/** The counts of one scope: everything, an organisation, an agent. */
interface Tally {
  pairs: number
  samePairs: number
  readonly across: Counts
  readonly same: Counts
}

type Figures = { readonly [F in "firstContentMs" | "totalMs" | "tokens" | "length"]: Sum }

interface Tallies {
  readonly all: Tally
  readonly orgs: Map<string, Tally>
  readonly agents: Map<string, Tally>
  readonly modes: { readonly [M in ExecutionMode]: Figures }
  readonly judged: { [V in ExecutionMode | "equal" | "unclear"]: number }
}

const counts = (): Counts =>
  Object.fromEntries(dimensions.map((dimension) => [dimension, { of: 0, agreeing: 0 }])) as Counts
const tally = (): Tally => ({ pairs: 0, samePairs: 0, across: counts(), same: counts() })
const sum = (): Sum => ({ of: 0, sum: 0 })
const figures = (): Figures => ({ firstContentMs: sum(), totalMs: sum(), tokens: sum(), length: sum() })

export const empty = (): Tallies => ({
  all: tally(),
  orgs: new Map(),
  agents: new Map(),
  modes: { runtime_orchestrator: figures(), direct_llm: figures() },
  judged: { runtime_orchestrator: 0, direct_llm: 0, equal: 0, unclear: 0 },
})

const inMap = (map: Map<string, Tally>, key: string): Tally => {
  const found = map.get(key) ?? tally()
  map.set(key, found)
  return found
}

const countIn = (scope: Tally, pair: ShadowPair): void => {
  const same = pair.primaryMode === pair.shadowMode
  if (same) scope.samePairs += 1
  else scope.pairs += 1
  for (const dimension of dimensions) {
    const distance = pair.distances[dimension]
    if (distance === null) continue
    const count = (same ? scope.same : scope.across)[dimension]
    count.of += 1
    if (distance <= tolerance[dimension]) count.agreeing += 1
  }
}

const countFigures = (tallies: Tallies, pair: ShadowPair): void => {
  const sides = [
    [pair.primaryMode, pair.primary],
    [pair.shadowMode, pair.shadow],
  ] as const
  for (const [mode, side] of sides) {
    for (const [name, figure] of Object.entries(tallies.modes[mode])) {
      const value = side[name as keyof Figures]
      if (value === null) continue
      figure.of += 1
      figure.sum += value
    }
  }
}

/** Adds one pair. Times and lengths cover the turns that both modes answered. */
export const add = (tallies: Tallies, pair: ShadowPair): void => {
  for (const scope of [tallies.all, inMap(tallies.orgs, pair.orgId), inMap(tallies.agents, pair.agentId)])
    countIn(scope, pair)
  if (pair.primaryMode === pair.shadowMode) return
  if (pair.primaryOutcome === "success" && pair.shadowOutcome === "success") countFigures(tallies, pair)
  if (pair.judgement === null) return
  const { verdict } = pair.judgement
  const winner = verdict === "primary" ? pair.primaryMode : verdict === "shadow" ? pair.shadowMode : verdict
  tallies.judged[winner] += 1
}

type Verdict = "too_few" | "within_noise" | "above_noise"

interface DimensionReport {
  readonly dimension: Dimension
  readonly tolerance: number
  /** Agreement across the modes, at 95 %. */
  readonly agreement: Rate
  /** Agreement of the modes with themselves; `scope` is `own`, or `all` if this scope has too few pairs. */
  readonly noise: Rate & { readonly scope: "own" | "all" }
  /** The agreement of a mode with itself minus the agreement across the modes. */
  readonly difference: Interval & { readonly rate: number }
  readonly verdict: Verdict
}

const dimensionOf = (dimension: Dimension, scope: Tally, all: Tally): DimensionReport => {
  const across = scope.across[dimension]
  const own = scope === all || scope.same[dimension].of >= minPairs
  const same = own ? scope.same[dimension] : all.same[dimension]
  const gap = difference(wilson(same.agreeing, same.of, zFamily), wilson(across.agreeing, across.of, zFamily))
  const enough = across.of >= minPairs && same.of >= minPairs
  return {
    dimension,
    tolerance: tolerance[dimension],
    agreement: wilson(across.agreeing, across.of),
    noise: { ...wilson(same.agreeing, same.of), scope: own ? "own" : "all" },
    difference: gap,
    verdict: !enough ? "too_few" : gap.low > 0 ? "above_noise" : "within_noise",
  }
}

export interface ScopeReport {
  readonly pairs: number
  readonly samePairs: number
  readonly dimensions: ReadonlyArray<DimensionReport>
}

const scopeOf = (scope: Tally, all: Tally): ScopeReport => ({
  pairs: scope.pairs,
  samePairs: scope.samePairs,
  dimensions: dimensions.map((dimension) => dimensionOf(dimension, scope, all)),
})

const listOf = (scopes: Map<string, Tally>, all: Tally) =>
  [...scopes]
    .toSorted(([, a], [, b]) => b.pairs - a.pairs)
    .slice(0, longestList)
    .map(([id, scope]) => ({ id, ...scopeOf(scope, all) }))

const mean = ({ of, sum: total }: Sum): number | null => (of === 0 ? null : Math.round(total / of))

const meansOf = (found: Figures) => ({
  firstContentMs: mean(found.firstContentMs),
  totalMs: mean(found.totalMs),
  tokens: mean(found.tokens),
  length: mean(found.length),
})

export const report = ({ agents, all, judged, modes, orgs }: Tallies) => ({
  ...scopeOf(all, all),
  orgs: listOf(orgs, all),
  agents: listOf(agents, all),
  means: {
    runtime_orchestrator: meansOf(modes.runtime_orchestrator),
    direct_llm: meansOf(modes.direct_llm),
  },
  judged,
})
