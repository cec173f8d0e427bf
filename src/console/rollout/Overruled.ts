/** The parts of the service that decide before the rollout settings do. Pure. */
import type { LiveView } from "../../api/LiveView.ts"
import type { AutopilotView } from "../../api/AutopilotApi.ts"
import type { rolloutText } from "../text/RolloutText.ts"
import type { Parameters } from "../text/Text.ts"
import type { Settings } from "./RolloutDraft.ts"

interface Overruling {
  readonly key: keyof typeof rolloutText
  readonly parameters?: Parameters
  /** Epoch milliseconds of its end, if it has one. */
  readonly until?: number
}

type Scope = LiveView["breaker"]

const percent = (share: number): number => Math.round(share * 1000) / 10

const byOverride = ({ forced }: Scope, orgId?: string): ReadonlyArray<Overruling> => {
  if (forced === null) return []
  const { by, expiresAt, mode, reason } = forced
  return [
    {
      key: orgId === undefined ? "overrideAll" : "overrideOrg",
      parameters: { mode, by, reason, org: orgId ?? "" },
      ...(expiresAt === null ? {} : { until: expiresAt }),
    },
  ]
}

const byBreaker = ({ forced, reason, share, state }: Scope, orgId?: string): ReadonlyArray<Overruling> =>
  state === "closed" || forced !== null
    ? []
    : [
        {
          key: orgId === undefined ? "breakerAll" : "breakerOrg",
          parameters: { state, reason, share: percent(share), org: orgId ?? "" },
        },
      ]

const finished: ReadonlyArray<AutopilotView["status"]> = ["completed", "rolled_back", "aborted"]

const byAutopilot = (autopilot: AutopilotView | null | undefined): ReadonlyArray<Overruling> => {
  if (autopilot == null || finished.includes(autopilot.status)) return []
  const { percentage, status } = autopilot
  return [
    { key: status === "paused" ? "autopilotPaused" : "autopilotActive", parameters: { percentage, status } },
  ]
}

export const overruled = (
  settings: Settings,
  live: LiveView | undefined,
  autopilot: AutopilotView | null | undefined,
): ReadonlyArray<Overruling> => [
  ...(live === undefined ? [] : byOverride(live.breaker)),
  ...(live === undefined ? [] : live.orgs.flatMap((scope) => byOverride(scope, scope.orgId))),
  // Without a direct provider, turns use the runtime in each state.
  ...(live?.directConfigured === false ? [{ key: "noDirect" } as const] : []),
  ...(live === undefined || !live.directConfigured ? [] : byBreaker(live.breaker)),
  ...(live === undefined || !live.directConfigured
    ? []
    : live.orgs.flatMap((scope) => byBreaker(scope, scope.orgId))),
  ...byAutopilot(autopilot),
  ...(settings.defaultMode === "runtime_orchestrator" ? [{ key: "defaultIsRuntime" } as const] : []),
]
