/** The limits of a plan and the default plan. Without a schema, so that the console checks an input by the same limits. */
const minute = 60_000
const hour = 60 * minute

export const autopilotLimits = {
  steps: 20,
  percentage: { minimum: 0.1, maximum: 100 },
  /** The first step leaves a control cohort as large as the treatment. */
  firstPercentage: 50,
  holdMs: { minimum: 0, maximum: 30 * 24 * hour },
  margin: { minimum: 0.001, maximum: 1 },
  ratio: { minimum: 1, maximum: 100 },
  retries: { minimum: 0, maximum: 10 },
} as const

/** With fewer sessions in a cohort the normal approximation is unreliable. */
export const leastSessions = 100

/** Measured in `docs/decisions/0012-autopilot.md`. */
export const defaultAutopilotPlan = {
  steps: [
    { percentage: 1, holdMs: hour },
    { percentage: 5, holdMs: 2 * hour },
    { percentage: 10, holdMs: 4 * hour },
    { percentage: 25, holdMs: 8 * hour },
    { percentage: 50, holdMs: 24 * hour },
    { percentage: 100, holdMs: 0 },
  ],
  autoApprove: false,
  margins: {
    success: 0.02,
    firstTry: 0.02,
    repeats: 0.02,
    stops: 0.02,
    /** Also of plans from versions without this margin. */
    feedback: 0.1,
    firstContentRatio: 1.5,
    totalRatio: 1.5,
    tokensRatio: 2,
  },
  retries: 2,
  coolDownMs: hour,
} as const
