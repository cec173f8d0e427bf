/** The policies that can be compared, by name; each run gets a new one. */
import type * as Health from "../monitoring/Health.ts"
import * as ContractPolicy from "./ContractPolicy.ts"
import * as EnvoyPolicy from "./EnvoyPolicy.ts"
import * as OurPolicy from "./OurPolicy.ts"
import type { Policy } from "./Policy.ts"
import * as Resilience4jPolicy from "./Resilience4jPolicy.ts"
import * as StayPolicy from "./StayPolicy.ts"

export const names = ["ours", "contract", "resilience4j", "envoy", "stay"] as const
export type Name = (typeof names)[number]

/** The documented contract, with the service's defaults. */
export const usual: Health.Settings = {
  windowMs: 300_000,
  minSamples: 10,
  errorRate: 0.5,
  timeoutRate: 0.3,
  latencyRatio: 0.8,
  timeoutThresholdMs: 300_000,
  probes: true,
}

export const make = (name: Name, settings: Health.Settings): Policy => {
  switch (name) {
    case "ours":
      return OurPolicy.make(settings) as Policy
    case "contract":
      return ContractPolicy.make(settings) as Policy
    case "resilience4j":
      return Resilience4jPolicy.make() as Policy
    case "envoy":
      return EnvoyPolicy.make() as Policy
    case "stay":
      return StayPolicy.make() as Policy
  }
}
