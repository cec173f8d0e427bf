/** Random inputs of the monitoring tests, and the numbers that they share. */
import * as Schema from "effect/Schema"
import { OrgId } from "../../src/domain/Ids.ts"
import type * as RuntimePermission from "../../src/monitoring/breaker/RuntimePermission.ts"
import type { Settings } from "../../src/monitoring/Health.ts"
import type { TestMonitor } from "./TestMonitor.ts"

export const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Nine times out of ten the one, else the other. */
export const mostly = <A extends Schema.Constraint, B extends Schema.Constraint>(usual: A, rare: B) =>
  Schema.Union([usual, usual, usual, usual, usual, usual, usual, usual, usual, rare])

export const list = <S extends Schema.Constraint>(item: S, maximum: number) =>
  Schema.Array(item).check(Schema.isMaxLength(maximum))

/** With the default size no list has more than ten items: no breaker would ever open. */
export const long = (runs = 100) => ({ arbitrary: { runs, size: 300 } })

/** The default policy, without synthetic probes. */
export const settings: Settings = {
  windowMs: 300_000,
  minSamples: 10,
  errorRate: 0.5,
  timeoutRate: 0.3,
  latencyRatio: 0.8,
  timeoutThresholdMs: 300_000,
  probes: false,
}

/** Any time that is not the beginning of a bucket. */
export const start = 1_767_225_601_234

export const org = (number: number): OrgId => OrgId.make(`org-${number}`)

/** A turn of the organisation's one session. */
export const admit = (monitor: TestMonitor, orgId: OrgId, now: number): RuntimePermission.RuntimePermission =>
  monitor.admit(orgId, `session of ${orgId}`, now)
