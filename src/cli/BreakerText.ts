/** The texts that `crossfade breaker` and `crossfade override` print. Pure. */
import type { StatusPage } from "../api/RuntimeApi.ts"
import { aligned } from "./Columns.ts"
import { timeOf } from "./Times.ts"

type Scope = Omit<StatusPage["orgs"][number], "orgId">

const factsOf = ({ evidence, forced, nextProbeAt, share }: Scope, now: number): ReadonlyArray<string> => [
  `faults ${evidence.faults.toFixed(1)} of ${evidence.limit}`,
  ...(share === 1 ? [] : [`runtime share ${Math.round(share * 100)} %`]),
  ...(nextProbeAt === null ? [] : [`next probe ${timeOf(nextProbeAt, now)}`]),
  ...(forced === null
    ? []
    : [
        `override ${forced.mode} by ${forced.by}`,
        forced.expiresAt === null ? "until it is ended" : `ends ${timeOf(forced.expiresAt, now)}`,
      ]),
]

const scopeRow = (name: string, scope: Scope, now: number): ReadonlyArray<string> => [
  name,
  scope.state,
  timeOf(scope.since, now),
  factsOf(scope, now).join(", "),
  scope.reason,
]

export const statusLines = (status: StatusPage, now: number): ReadonlyArray<string> => [
  ...aligned([
    ["SCOPE", "STATE", "SINCE", "FACTS", "REASON"],
    scopeRow("all", status, now),
    ...status.orgs.map((org) => scopeRow(org.orgId, org, now)),
  ]),
  ...(status.directConfigured ? [] : ["No direct provider is configured: all turns go to the runtime."]),
  ...(status.directFailing ? ["Direct mode fails as well: turns stay on the runtime."] : []),
  ...(status.transitions.length === 0 ? [] : ["", "LAST CHANGES"]),
  ...aligned(
    status.transitions.map(({ at, from, orgId, reason, to }) => [
      timeOf(at, now),
      orgId ?? "all",
      `${from} -> ${to}`,
      reason,
    ]),
  ),
]
