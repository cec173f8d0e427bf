/**
 * The simulator's prediction of a drill: the same turns at the same times, with the durations of the drill's own
 * healthy chats. A stopped runtime resumes its work; every other fault, as in the simulator, affects the turns that
 * begin during it and leaves running ones alone.
 */
import * as Policies from "../../src/simulation/Policies.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import * as Chance from "../../src/simulation/Chance.ts"
import { type Fault, faultAt, type Scenario } from "../../src/simulation/Scenario.ts"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import type { Course, DrawnTurn, Upstream } from "../../src/simulation/Upstream.ts"
import { wordMs } from "../support/userLoad.ts"

/** One healthy chat, in milliseconds. */
export interface Sample {
  readonly firstContentMs: number
  readonly endMs: number
}

export interface Samples {
  readonly runtime: ReadonlyArray<Sample>
  readonly direct: ReadonlyArray<Sample>
}

/** One drill, measured or predicted. Seconds from the fault's begin and from its end; infinite: never. */
export interface Figures {
  readonly detectS: number
  readonly recoverS: number
  /** Among affected chats that began during the fault. */
  readonly failedPercent: number
  readonly moved: number
  readonly longestWaitS: number
}

export const seeds = 20
const refusedMs = 5
const never = Number.POSITIVE_INFINITY
const purposes = { sample: 20, probe: 21 } as const

const courseOf = ({ endMs, firstContentMs }: Sample, what: Fault["what"] | undefined): Course => {
  switch (what?.kind) {
    case "refused":
      return { firstProgressMs: never, endMs: refusedMs, fault: true, refused: true }
    case "errors":
      return { firstProgressMs: never, endMs: firstContentMs, fault: true, refused: false }
    default: {
      const slower = what?.kind === "slow" ? what.factor : 1
      const firstProgressMs = slower * firstContentMs
      return { firstProgressMs, endMs: slower * endMs, fault: false, refused: false }
    }
  }
}

/** A stop of the process delays its remaining work by its duration. */
const stopped = ({ endMs, firstContentMs }: Sample, fault: Fault, now: number): Sample => {
  const [from, to] = [fault.from * 1000, fault.to * 1000]
  const later = (ms: number): number => (now >= to || now + ms < from ? ms : ms + to - Math.max(from, now))
  return { firstContentMs: later(firstContentMs), endMs: later(endMs) }
}

/** Records the users' view while the simulation asks the modes. */
class Watched implements Upstream<DrawnTurn> {
  readonly waitsMs = new Map<DrawnTurn, number>()
  readonly inRuntime = new Set<DrawnTurn>()
  readonly moved: Array<DrawnTurn> = []
  private readonly scenario: Scenario
  private readonly samples: Samples
  private readonly seed: number

  constructor(scenario: Scenario, samples: Samples, seed: number) {
    this.scenario = scenario
    this.samples = samples
    this.seed = seed
  }

  runtime(turn: DrawnTurn, attempt: number, now: number): Course {
    const course = this.course(turn.number, purposes.sample, turn.org, now)
    this.inRuntime.add(turn)
    if (attempt === 0) this.waitsMs.set(turn, course.firstProgressMs)
    return course
  }

  direct(turn: DrawnTurn, now: number): Course {
    const sample = this.draw(this.samples.direct, turn.number, purposes.sample)
    if (this.inRuntime.has(turn)) this.moved.push(turn)
    this.waitsMs.set(turn, now - turn.atMs + sample.firstContentMs)
    return courseOf(sample, undefined)
  }

  probe(number: number, now: number): Course {
    return this.course(number, purposes.probe, -1, now, wordMs)
  }

  /** `sooner`: a probe is answered without the pause before a user's first word. */
  private course(number: number, purpose: number, org: number, now: number, sooner = 0): Course {
    const { endMs, firstContentMs } = this.draw(this.samples.runtime, number, purpose)
    const sample = { firstContentMs: firstContentMs - sooner, endMs: endMs - sooner }
    const stop = this.scenario.faults.find(({ what }) => what.kind === "hang")
    if (stop !== undefined) return courseOf(stopped(sample, stop, now), undefined)
    return courseOf(sample, faultAt(this.scenario, "runtime_orchestrator", org, now))
  }

  private draw(samples: ReadonlyArray<Sample>, number: number, purpose: number): Sample {
    return samples[Math.floor(Chance.draw(this.seed, number, purpose) * samples.length)]!
  }
}

/**
 * The turns of one organisation that the runtime admitted: the only visible effect of that organisation's own
 * breaker.
 */
const admissions = (policy: Policy, orgId: string) => {
  const turnedAway: Array<number> = []
  const admit: Policy["admit"] = (org, session, now) => {
    const ticket = policy.admit(org, session, now)
    if (org === orgId && ticket === undefined && policy.state() === "closed") turnedAway.push(now)
    return ticket
  }
  return { policy: { ...policy, admit }, turnedAway }
}

const simulate = (scenario: Scenario, fault: Fault, samples: Samples, seed: number): Figures => {
  const upstream = new Watched(scenario, samples, seed)
  const { policy, turnedAway } = admissions(Policies.make("ours", Policies.usual), `org-${fault.org}`)
  const { inFault, moves } = ScenarioRun.run(scenario, policy, seed, upstream)
  const opened = fault.org === undefined ? moves.find(({ state }) => state === "open")?.atMs : turnedAway[0]
  const last = moves.at(-1)
  const closed = fault.org === undefined ? last?.state === "closed" && last.atMs : turnedAway.at(-1)
  const concerned = ({ atMs, org }: DrawnTurn): boolean =>
    atMs / 1000 >= fault.from && atMs / 1000 < fault.to && (fault.org ?? org) === org
  const waits = [...upstream.waitsMs].flatMap(([turn, waitMs]) => (concerned(turn) ? [waitMs] : []))
  return {
    detectS: opened === undefined ? never : opened / 1000 - fault.from,
    recoverS: closed === undefined || closed === false ? never : closed / 1000 - fault.to,
    failedPercent: (100 * inFault.failed) / inFault.begun,
    moved: upstream.moved.filter(concerned).length,
    longestWaitS: Math.max(0, ...waits) / 1000,
  }
}

/** Over the seeds, figure by figure. */
export interface Prediction {
  readonly median: Figures
  readonly least: Figures
  readonly most: Figures
}

export const predict = (scenario: Scenario, fault: Fault, samples: Samples): Prediction => {
  const runs = Array.from({ length: seeds }, (_, seed) => simulate(scenario, fault, samples, seed + 1))
  const at = (rank: number): Figures => {
    const of = (name: keyof Figures) => runs.map((run) => run[name]).toSorted((a, b) => a - b)[rank] ?? never
    return {
      detectS: of("detectS"),
      recoverS: of("recoverS"),
      failedPercent: of("failedPercent"),
      moved: of("moved"),
      longestWaitS: of("longestWaitS"),
    }
  }
  return { median: at(seeds >> 1), least: at(0), most: at(seeds - 1) }
}
