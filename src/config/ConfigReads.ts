/** The variables that limit reads: part of the table in `Config`. */
import { number } from "./ConfigVariable.ts"

const perMinute = (about: string, fallback: number) =>
  number({ default: fallback, min: 1, max: 10_000_000, unit: "reads a minute", about })

export const readLimitVariables = {
  RATE_LIMIT_READS_USER_PER_MIN: perMinute(
    "GET requests of one user, and its changes of sessions, messages, feedback and files.",
    1200,
  ),
  RATE_LIMIT_READS_ORG_PER_MIN: perMinute("The same for the users of one organisation together.", 60_000),
  MAX_ANSWER_BYTES_IN_FLIGHT: number({
    default: 64 * 1024 * 1024,
    min: 1024 * 1024,
    max: 1024 ** 4,
    unit: "bytes",
    about: "Maximum of answers that wait for their readers; beyond it, reads get 503.",
  }),
}
