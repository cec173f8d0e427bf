/** The result of a drill, from its users' chats and from the breaker's status. Pure. */
import type { Chat } from "../support/userLoad.ts"
import type { Figures, Sample, Samples } from "./DrillPrediction.ts"

interface Transition {
  readonly orgId: string | null
  readonly to: string
  readonly at: number
  readonly reason: string
}

export interface Measured extends Figures {
  readonly chats: number
  readonly inFault: number
  /** Chats that were running when the fault began, and the failed ones among them. */
  readonly underWay: number
  readonly underWayFailed: number
  /** Turns kept from the runtime, or sessions moved, of unaffected organisations during the fault. */
  readonly othersAway: number
  readonly firstProgressLimitMs: number
  /** The largest delay of a turn's start. */
  readonly latestMs: number
  readonly transitions: ReadonlyArray<string>
  /** The longest wait: its start after the fault, and its reason. */
  readonly slowest: string
  readonly samples: Samples
}

/** Wall-clock milliseconds of a time of `performance.now()`. */
const wall = (at: number): number => performance.timeOrigin + at

const samplesOf = (chats: ReadonlyArray<Chat>, mode: string): ReadonlyArray<Sample> =>
  chats.flatMap(({ answered, decided, endMs, firstContentMs, moved }) =>
    answered && !moved && decided === mode && firstContentMs !== undefined ? [{ firstContentMs, endMs }] : [],
  )

const waitOf = ({ endMs, firstContentMs }: Chat): number => firstContentMs ?? endMs

const slowestOf = (chats: ReadonlyArray<Chat>, brokenAt: number): string => {
  const slowest = chats.toSorted((a, b) => waitOf(b) - waitOf(a))[0]
  if (slowest === undefined) return "nobody came"
  const { begunAt, decided, decidedAt, endMs, moved, runId } = slowest
  const began = `${((begunAt - brokenAt) / 1000).toFixed(1)} s: run ${runId}, ${decided}${moved ? ", moved" : ""}`
  const took = [decidedAt - begunAt, waitOf(slowest), endMs].map((ms) => `${Math.round(ms)} ms`)
  return `${began}; accepted after ${took[0]}, first content after ${took[1]}, ended after ${took[2]}`
}

interface Times {
  readonly brokenAt: number
  readonly repairedAt: number
}

const secondsAfter = (from: number, transition: Transition | undefined): number =>
  transition === undefined ? Number.POSITIVE_INFINITY : (transition.at - wall(from)) / 1000

/** `scope`: the affected organisation; null: the fault affected all. */
export const figuresOf = (
  scope: string | null,
  { brokenAt, repairedAt }: Times,
  chats: ReadonlyArray<Chat>,
  moves: ReadonlyArray<Transition>,
): Omit<Measured, "firstProgressLimitMs" | "latestMs"> => {
  const ours = moves
    .filter(({ at, orgId }) => orgId === scope && at >= wall(brokenAt))
    .toSorted((a, b) => a.at - b.at)
  const during = chats.filter(({ begunAt }) => begunAt >= brokenAt && begunAt < repairedAt)
  const concerned = during.filter(({ orgId }) => scope === null || orgId === scope)
  const others = during.filter(({ orgId }) => scope !== null && orgId !== scope)
  const underWay = chats.filter(({ begunAt, endMs }) => begunAt < brokenAt && begunAt + endMs > brokenAt)
  const failed = (some: ReadonlyArray<Chat>) => some.filter(({ answered }) => !answered).length
  const last = ours.at(-1)
  const healthy = chats.filter(({ begunAt, endMs }) => begunAt + endMs < brokenAt)
  return {
    detectS: secondsAfter(
      brokenAt,
      ours.find(({ to }) => to === "open"),
    ),
    recoverS: secondsAfter(repairedAt, last?.to === "closed" ? last : undefined),
    failedPercent: (100 * failed(concerned)) / concerned.length,
    moved: concerned.filter(({ moved }) => moved).length,
    longestWaitS: Math.max(0, ...concerned.map(waitOf)) / 1000,
    chats: chats.length,
    inFault: concerned.length,
    underWay: underWay.length,
    underWayFailed: failed(underWay),
    othersAway: others.filter(({ decided, moved }) => moved || decided === "direct_llm").length,
    transitions: moves
      .toSorted((a, b) => a.at - b.at)
      .map(
        ({ at, orgId, reason, to }) =>
          `${((at - wall(brokenAt)) / 1000).toFixed(1)} s ${orgId ?? "all"} ${to}: ${reason}`,
      ),
    slowest: slowestOf(chats, brokenAt),
    samples: { runtime: samplesOf(healthy, "runtime_orchestrator"), direct: samplesOf(chats, "direct_llm") },
  }
}
