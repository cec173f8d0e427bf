/** The examples of the guarded rollout and the shadow reports. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const running = {
  success: true,
  data: {
    plan: {
      steps: [
        { percentage: 1, holdMs: 3600000 },
        { percentage: 5, holdMs: 7200000 },
      ],
      autoApprove: false,
      margins: {
        success: 0.02,
        firstTry: 0.02,
        repeats: 0.02,
        stops: 0.02,
        feedback: 0.1,
        firstContentRatio: 1.5,
        totalRatio: 1.5,
        tokensRatio: 2,
      },
      retries: 2,
      coolDownMs: 3600000,
    },
    status: "running",
    reason: "started",
    step: 0,
    percentage: 1,
    applied: true,
    before: 0,
    since: 1764489621000,
    notBefore: 1764493221000,
    gaps: [],
    setbacks: 0,
    startedAt: 1764489621000,
    verdict: null,
    history: [],
    next: { percentage: 5, notBefore: 1764493221000 },
  },
}

const paused = { ...running, data: { ...running.data, status: "paused", reason: "Holiday" } }

export const autopilotExamples: ExamplesByOperation = {
  autopilotState: { response: { example: { value: running } } },
  autopilotStart: {
    request: {
      start: {
        value: {
          steps: [
            { percentage: 1, holdMs: 3600000 },
            { percentage: 5, holdMs: 7200000 },
          ],
          reason: "Move to the runtime",
        },
      },
    },
    response: { example: { value: running } },
  },
  autopilotPause: {
    request: { example: { value: { reason: "INC-7" } } },
    response: { example: { value: paused } },
  },
  autopilotResume: {
    request: { example: { value: { reason: "INC-7" } } },
    response: { example: { value: running } },
  },
  autopilotAbort: {
    request: { example: { value: { reason: "INC-7" } } },
    response: { example: { value: running } },
  },
  autopilotPromote: {
    request: { example: { value: { reason: "INC-7" } } },
    response: { example: { value: running } },
  },
  autopilotApprove: {
    request: { example: { value: { reason: "INC-7" } } },
    response: { example: { value: running } },
  },
  shadowReport: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            pairs: 120,
            samePairs: 80,
            dimensions: [
              {
                dimension: "outcome",
                tolerance: 0,
                agreement: { of: 120, hits: 117, rate: 0.975, low: 0.929, high: 0.991 },
                noise: { of: 80, hits: 79, rate: 0.9875, low: 0.933, high: 0.998, scope: "own" },
                difference: { rate: 0.0125, low: -0.045, high: 0.066 },
                verdict: "within_noise",
              },
            ],
            orgs: [],
            agents: [],
            means: {
              runtime_orchestrator: { firstContentMs: null, totalMs: null, tokens: null, length: null },
              direct_llm: { firstContentMs: null, totalMs: null, tokens: null, length: null },
            },
            judged: { runtime_orchestrator: 0, direct_llm: 0, equal: 0, unclear: 0 },
            ledger: [],
          },
        },
      },
    },
  },
  shadowSeries: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            from: 1763884800000,
            widthMs: 21600000,
            points: [
              {
                at: 1764489600000,
                pairs: 120,
                samePairs: 80,
                dimensions: [
                  {
                    dimension: "outcome",
                    agreement: { of: 120, hits: 117, rate: 0.975, low: 0.929, high: 0.991 },
                    noise: { of: 80, hits: 79, rate: 0.9875, low: 0.933, high: 0.998 },
                  },
                ],
              },
            ],
          },
        },
      },
    },
  },
  shadowMismatches: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            mismatches: [
              {
                runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
                orgId: "acme",
                agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
                primaryMode: "direct_llm",
                shadowMode: "runtime_orchestrator",
                primaryOutcome: "success",
                shadowOutcome: "success",
                primary: {
                  code: null,
                  firstContentMs: 420,
                  totalMs: 1680,
                  tokens: 96,
                  length: 180,
                  language: "en",
                  hash: "5f0c",
                },
                shadow: {
                  code: null,
                  firstContentMs: 610,
                  totalMs: 2440,
                  tokens: 120,
                  length: 180,
                  language: "en",
                  hash: "5f0c",
                },
                distances: {
                  outcome: 0,
                  sequence: 0,
                  tools: 0,
                  toolArguments: 0,
                  plan: null,
                  length: 0,
                  text: 0.7,
                  language: 0,
                  firstContent: 0,
                  total: 0,
                  tokens: 0,
                },
                differs: ["text"],
                judgement: null,
                createdAt: 1764489600000,
              },
            ],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
}
