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
  runtimeLive: {
    response: {
      snapshot: {
        summary: "snapshot: The state now, once a second.",
        value: {
          at: 1764489600000,
          replica: "gateway-0",
          fallbackEnabled: false,
          fallbackReason: "",
          windowMs: 300000,
          modes: {
            runtime_orchestrator: {
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
              perSecond: 1,
            },
            direct_llm: {
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
              perSecond: 0,
            },
          },
          directFailing: false,
          directConfigured: true,
          breaker: {
            state: "closed",
            reason: "",
            since: 1764489600000,
            nextProbeAt: null,
            share: 1,
            forced: null,
            evidence: { faults: 0, limit: 12 },
          },
          orgs: [],
          rollout: { percentage: 0, shadowPercentage: 0, defaultMode: "runtime_orchestrator" },
          runs: { inFlight: 0, oldestMs: 0 },
          decisions: [
            {
              at: 1764489600000,
              runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
              orgId: "acme",
              mode: "runtime_orchestrator",
              reason: "default_mode",
            },
          ],
          fallbacks: [],
          transitions: [],
          notifications: [
            {
              id: "019a5c5e-7c00-7a10-9b20-4c5d6e7f8091",
              at: 1764489600000,
              kind: "override.ended",
              severity: "info",
              orgId: null,
              replica: "019a5c5e-7000-7b11-8000-0000000000f1",
              by: "olga of ops",
              reason: "INC-1 is over",
              text: "The override to direct mode for all organisations was ended by olga of ops after 12 min: INC-1 is over. olga of ops had set it: INC-1.",
              data: {
                mode: "direct_llm",
                setBy: "olga of ops",
                since: 1764488880000,
                expiresAt: null,
                lastedMs: 720000,
              },
            },
          ],
          providers: [
            {
              name: "a",
              state: "closed",
              reason: "",
              nextProbeAt: null,
              since: 1764489600000,
              evidence: { faults: 0, limit: 3 },
            },
          ],
          refusals: [],
        },
      },
      error: {
        summary: "error: The last event of the stream.",
        value: { code: "SHUTTING_DOWN", message: "This server is being stopped." },
      },
    },
  },
}
