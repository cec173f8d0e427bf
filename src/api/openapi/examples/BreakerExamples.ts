/** The examples of the metrics and the breaker. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const metrics = {
  success: true,
  data: {
    direct: {
      total: 0,
      success: 0,
      error: 0,
      timeout: 0,
      neutral: 0,
      cancelled: 0,
      avgLatencyMs: 0,
      p50LatencyMs: 0,
      p95LatencyMs: 0,
      p99LatencyMs: 0,
      errorRate: 0,
      timeoutRate: 0,
    },
    runtime: {
      total: 1,
      success: 1,
      error: 0,
      timeout: 0,
      neutral: 0,
      cancelled: 0,
      avgLatencyMs: 82,
      p50LatencyMs: 84,
      p95LatencyMs: 84,
      p99LatencyMs: 84,
      errorRate: 0,
      timeoutRate: 0,
    },
    fallbackEnabled: false,
    fallbackReason: "",
    windowMs: 300000,
  },
}

const closed = {
  success: true,
  data: {
    state: "closed",
    reason: "reset by olga of ops: INC-7 is over",
    since: 1764489600000,
    nextProbeAt: null,
    share: 1,
    forced: null,
    evidence: { faults: 0, limit: 12 },
    orgs: [],
    directFailing: false,
    directConfigured: true,
    firstProgressLimitMs: 15000,
    transitions: [],
    providers: [
      {
        name: "a",
        state: "closed",
        since: 1764489600000,
        reason: "",
        nextProbeAt: null,
        evidence: { faults: 0, limit: 3 },
      },
    ],
    refusals: [],
    nextCursor: null,
    hasMore: false,
  },
}

export const breakerExamples: ExamplesByOperation = {
  runtimeMetrics: { response: { example: { value: metrics } } },
  runtimeMetricsOfOrg: { response: { example: { value: metrics } } },
  runtimeStatus: { response: { example: { value: closed } } },
  runtimeReset: {
    request: {
      all: { value: { reason: "INC-7 is over" } },
      organisation: { value: { orgId: "acme", reason: "INC-7 is over" } },
    },
    response: { example: { value: closed } },
  },
  runtimeForce: {
    request: {
      all: { value: { mode: "direct_llm", reason: "INC-7: the runtime is slow", expiresAt: 1764493200000 } },
      end: { summary: "End the override", value: { mode: "none", reason: "INC-7 is over" } },
    },
    response: {
      example: {
        value: {
          success: true,
          data: {
            state: "forced_direct",
            reason: "INC-7: the runtime is slow",
            since: 1764489600000,
            nextProbeAt: null,
            share: 0,
            forced: {
              mode: "direct_llm",
              by: "olga of ops",
              reason: "INC-7: the runtime is slow",
              since: 1764489600000,
              expiresAt: 1764493200000,
            },
            evidence: { faults: 0, limit: 12 },
            orgs: [],
            directFailing: false,
            directConfigured: true,
            firstProgressLimitMs: 15000,
            transitions: [
              {
                orgId: null,
                from: "closed",
                to: "forced_direct",
                at: 1764489600000,
                reason: "olga of ops: INC-7: the runtime is slow",
                evidence: { faults: 0, timeouts: 0, orgs: [] },
                forced: {
                  mode: "direct_llm",
                  by: "olga of ops",
                  reason: "INC-7: the runtime is slow",
                  since: 1764489600000,
                  expiresAt: 1764493200000,
                },
              },
            ],
            providers: [
              {
                name: "a",
                state: "closed",
                since: 1764489600000,
                reason: "",
                nextProbeAt: null,
                evidence: { faults: 0, limit: 3 },
              },
            ],
            refusals: [],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  runtimeOrgs: {
    response: {
      example: {
        value: { success: true, data: { orgs: ["acme", "globex"], nextCursor: null, hasMore: false } },
      },
    },
  },
  runtimeHistory: {
    response: {
      example: {
        value: {
          success: true,
          data: [
            {
              orgId: null,
              from: "closed",
              to: "forced_direct",
              at: 1764489600000,
              reason: "olga of ops: INC-7: the runtime is slow",
              evidence: { faults: 0, timeouts: 0, orgs: [] },
              forced: {
                mode: "direct_llm",
                by: "olga of ops",
                reason: "INC-7: the runtime is slow",
                since: 1764489600000,
                expiresAt: 1764493200000,
              },
            },
          ],
          nextCursor: null,
          hasMore: false,
        },
      },
    },
  },
}
