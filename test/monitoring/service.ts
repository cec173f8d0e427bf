/** A service that does what the breakers say, and the random schedules of what may go on in it. */
import * as HashMap from "effect/HashMap"
import * as Schema from "effect/Schema"
import type { OrgId } from "../../src/domain/Ids.ts"
import { Outcome } from "../../src/domain/Outcome.ts"
import type * as RuntimePermission from "../../src/monitoring/breaker/RuntimePermission.ts"
import type * as FaultCounter from "../../src/monitoring/evidence/FaultCounter.ts"
import * as OrderedMap from "../../src/platform/OrderedMap.ts"
import type { Probe } from "../../src/monitoring/probes/Probing.ts"
import { between, list, mostly, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

const operation = Schema.Struct({
  gapMs: mostly(between(0, 1500), between(0, 60_000)),
  act: mostly(
    Schema.Literals(["admit", "admit", "progress", "end", "end", "takeProbe", "endProbe"]),
    Schema.Literals(["release", "resetAll", "resetOne", "forceAll", "forceOne"]),
  ),
  org: between(0, 5),
  turn: between(0, 30),
  outcome: mostly(Schema.Literals(["error", "timeout_first_content", "success"]), Outcome),
  good: Schema.Boolean,
})
export type Operation = typeof operation.Type
export const schedule = list(operation, 300)

export interface Turn {
  readonly orgId: OrgId
  readonly sessionId: string
  readonly admission: RuntimePermission.RuntimePermission
  readonly at: number
}

export class Service {
  readonly monitor: TestMonitor
  now = start
  turns: Array<Turn> = []
  probes: Array<Probe> = []

  constructor(probes: boolean) {
    this.monitor = new TestMonitor({ ...settings, minSamples: 4, probes }, start)
  }

  private endTurn(turn: Turn, outcome: Outcome): void {
    this.turns = this.turns.filter((other) => other !== turn)
    const { admission, at, orgId } = turn
    const mode = admission.allowed === "no" ? "direct_llm" : "runtime_orchestrator"
    const { ticket } = admission
    this.monitor.record({ orgId, mode, outcome, latencyMs: this.now - at, ticket }, this.now)
  }

  private force(step: Operation, orgId?: OrgId): void {
    const mode = step.good ? "direct_llm" : "runtime_orchestrator"
    const expiresAt = step.turn % 2 === 0 ? null : this.now + 10_000
    const forced =
      step.turn % 3 === 0 ? undefined : ({ mode, by: "ops", reason: "drill", expiresAt } as const)
    this.monitor.setOverride(this.now, forced, "drill", orgId)
  }

  step(step: Operation): void {
    this.now += step.gapMs
    const { monitor, now } = this
    const orgId = org(step.org)
    const turn = this.turns[step.turn % Math.max(1, this.turns.length)]
    switch (step.act) {
      case "admit": {
        const sessionId = `session ${step.turn} of ${orgId}`
        const admission = monitor.admit(orgId, sessionId, now)
        this.turns.push({ orgId, sessionId, admission, at: now })
        if (admission.allowed !== "no") monitor.started(orgId, admission.ticket, now)
        return
      }
      case "progress":
        return turn && monitor.progressed(turn.admission.ticket, now)
      case "end":
        return turn && this.endTurn(turn, step.outcome)
      case "release":
        if (turn === undefined) return
        this.turns = this.turns.filter((other) => other !== turn)
        return monitor.release(turn.admission.ticket, turn.orgId, now)
      case "takeProbe": {
        const probe = monitor.takeProbe(now)
        if (probe !== undefined) this.probes.push(probe)
        return
      }
      case "endProbe": {
        const probe = this.probes.shift()
        return probe && monitor.probeEnded(probe, step.good ? "good" : "bad", now)
      }
      case "resetAll":
        return monitor.reset(now, "reset")
      case "resetOne":
        return monitor.reset(now, "reset", orgId)
      case "forceAll":
        return this.force(step)
      case "forceOne":
        return this.force(step, orgId)
    }
  }
}

/** Everything that decides, by value. What is merely shown (windows) and what is under way stay out. */
export const deciding = ({ breakers }: TestMonitor) => {
  const { directFaults, epochs, faults, global, orgs, override, probing, timeouts, transitions } = breakers
  const counter = ({ byOrg, ...rest }: FaultCounter.FaultCounter) => ({
    ...rest,
    byOrg: HashMap.toEntries(byOrg).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  })
  const ofOrgs = [...OrderedMap.values(orgs.byId)]
    .map((org) => ({
      breaker: org.breaker,
      evidence: org.evidence,
      faults: counter(org.faults),
      override: org.override,
      id: org.id,
    }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return {
    ...{ epochs, override, global, probing, transitions, ofOrgs },
    directFaults: counter(directFaults),
    faults: counter(faults),
    timeouts: counter(timeouts),
    evidence: breakers.evidence,
    baseline: breakers.baseline,
  }
}
