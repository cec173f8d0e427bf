/** The variables that limit the data of an organisation: part of the table in `Config`. */
import { number } from "./ConfigVariable.ts"

export const quotaVariables = {
  MAX_AGENTS_PER_ORG: number({
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: "agents",
    about: "Maximum of agents in one organisation.",
  }),
  MAX_SESSIONS_PER_ORG: number({
    default: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    unit: "sessions",
    about: "Maximum of sessions in one organisation.",
  }),
  MAX_STORED_MB_PER_ORG: number({
    default: 50 * 1024,
    min: 1,
    max: 1_000_000_000,
    unit: "MiB",
    about: "Maximum of message text in one organisation.",
  }),
}
