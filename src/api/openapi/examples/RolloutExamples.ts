/** The examples of the rollout settings and their audit. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const settings = {
  success: true,
  data: {
    defaultMode: "direct_llm",
    percentage: 10,
    enabledOrgs: [],
    deniedOrgs: [],
    rules: [],
    shadowPercentage: 0,
    thresholds: { errorRate: 0.5, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 100000 },
    version: 1,
    sources: {
      defaultMode: {
        from: "operator",
        by: { orgId: "ops", userId: "olga", requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" },
        at: 1764489600000,
      },
      percentage: {
        from: "operator",
        by: { orgId: "ops", userId: "olga", requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" },
        at: 1764489600000,
      },
      enabledOrgs: { from: "default" },
      deniedOrgs: { from: "default" },
      rules: { from: "default" },
      shadowPercentage: { from: "default" },
      thresholds: { from: "environment" },
    },
    environment: {
      defaultMode: "runtime_orchestrator",
      percentage: 0,
      enabledOrgs: [],
      deniedOrgs: [],
      rules: [],
      shadowPercentage: 0,
      thresholds: { errorRate: 0.5, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 100000 },
    },
  },
}

export const rolloutExamples: ExamplesByOperation = {
  rolloutGet: { response: { example: { value: settings } } },
  rolloutChange: {
    request: {
      raise: { value: { percentage: 10, reason: "First step" } },
      back: {
        summary: "Return a setting to the environment",
        value: { percentage: null, reason: "Rollback" },
      },
    },
    response: { example: { value: settings } },
  },
  rolloutAudit: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            entries: [
              {
                id: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11",
                at: 1764489600000,
                by: { orgId: "ops", userId: "olga", requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" },
                action: "rollout.change",
                reason: "First step",
                before: { defaultMode: "runtime_orchestrator", percentage: 0 },
                after: { defaultMode: "direct_llm", percentage: 10 },
              },
            ],
            nextCursor: "WyJhdWRpdCIsIjAxYTIyYmM0LWRkMGYtNzI1Zi1hNDNjLTc5MmUzZWY0NGFjZSJd",
            hasMore: true,
          },
        },
      },
    },
  },
}
