/** Plays a scenario with one policy and one seed. Pure: the same three give the same tally. */
import { OrgId } from "../domain/Ids.ts"
import * as Chance from "./Chance.ts"
import type { Policy } from "./Policy.ts"
import { concerns, faultAt, type Scenario } from "./Scenario.ts"
import { Simulation } from "./Simulation.ts"
import { type Concern, Tally } from "./SimulationTally.ts"
import { drawn, type DrawnTurn, type Upstream } from "./Upstream.ts"

const purposes = { arrival: 1, org: 2, session: 3 } as const
const sessionIds = Array.from({ length: 5000 }, (_, number) => `session-${number}`)

/** Poisson arrivals: independent users. */
export function* arrivals({ orgs, seconds, turnsPerSecond }: Scenario, seed: number): Generator<DrawnTurn> {
  const orgIds = Array.from({ length: orgs }, (_, number) => OrgId.make(`org-${number}`))
  const pick = (number: number, purpose: number, of: number) =>
    Math.floor(Chance.draw(seed, number, purpose) * of)
  let atMs = 0
  for (let number = 1; ; number++) {
    atMs += Chance.exponential(seed, number, purposes.arrival, 1000 / turnsPerSecond)
    if (atMs >= seconds * 1000) return
    const org = pick(number, purposes.org, orgs)
    const session = pick(number, purposes.session, sessionIds.length)
    yield { number, org, orgId: orgIds[org]!, sessionId: sessionIds[session]!, atMs }
  }
}

const concernOf = ({ faults }: Scenario, { atMs, org }: DrawnTurn): Concern => {
  const at = atMs / 1000
  let concern: Concern = "none"
  for (const fault of faults) {
    if (at < fault.from || at >= fault.to) continue
    if (concerns(fault, org)) return "fault"
    concern = "beside"
  }
  return concern
}

export const run = (
  scenario: Scenario,
  policy: Policy,
  seed: number,
  upstream: Upstream<DrawnTurn> = drawn(scenario, seed),
): Tally<DrawnTurn> => {
  const durationMs = scenario.seconds * 1000
  const tally = new Tally<DrawnTurn>({
    durationMs,
    concern: (turn) => concernOf(scenario, turn),
    isServed: ({ atMs, org }) => faultAt(scenario, "runtime_orchestrator", org, atMs) === undefined,
  })
  const simulation = new Simulation(policy, upstream, tally)
  for (const turn of arrivals(scenario, seed)) simulation.arrive(turn)
  simulation.finish(durationMs)
  return tally
}
