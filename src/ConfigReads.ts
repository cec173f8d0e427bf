/** The variables of reads and of what an organisation may own: part of the table in `Config`. */
import { number } from "./ConfigVariable.ts"

const perMinute = (about: string, fallback: number) =>
  number({ default: fallback, min: 1, max: 10_000_000, unit: "reads a minute", about })

export const readLimitVariables = {
  RATE_LIMIT_READS_USER_PER_MIN: perMinute("GET requests of one user.", 1200),
  RATE_LIMIT_READS_ORG_PER_MIN: perMinute("GET requests of the users of one organisation together.", 60_000),
  MAX_ANSWER_BYTES_IN_FLIGHT: number({
    default: 64 * 1024 * 1024,
    min: 1024 * 1024,
    max: 1024 ** 4,
    unit: "bytes",
    about: "Answers that this process holds until their readers take them; beyond it reads get 503.",
  }),
  MAX_AGENTS_PER_ORG: number({
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: "agents",
    about: "Agents of one organisation.",
  }),
  MAX_SESSIONS_PER_ORG: number({
    default: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    unit: "sessions",
    about: "Sessions of one organisation.",
  }),
  MAX_STORED_MB_PER_ORG: number({
    default: 50 * 1024,
    min: 1,
    max: 1_000_000_000,
    unit: "MiB",
    about: "Text of the messages of one organisation.",
  }),
}
