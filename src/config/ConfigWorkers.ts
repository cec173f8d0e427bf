/** The number of processes of the service: part of the table in `Config`. */
import { availableParallelism } from "node:os"
import type { Variable } from "./ConfigVariable.ts"

const most = 64

const workers: Variable<number> = {
  default: "1",
  allowed: `a whole number of workers from 1 to ${most}, or auto (one for each core)`,
  about:
    'Processes that serve the port together, on PostgreSQL and Redis. Limits "of this process" apply to each of them.',
  parse: (text) => {
    if (text === "auto") return Math.min(most, availableParallelism())
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return value >= 1 && value <= most ? value : undefined
  },
}

export const workerVariables = { WORKERS: workers }

/** Several processes share everything by PostgreSQL and Redis; SQLite takes one process. */
export const workerProblems = ({
  DATABASE_URL,
  REDIS_URL,
  WORKERS,
}: {
  readonly DATABASE_URL: string | undefined
  readonly REDIS_URL: string | undefined
  readonly WORKERS: number | undefined
}) => {
  const missing = Object.entries({ DATABASE_URL, REDIS_URL }).flatMap(([name, value]) =>
    value === "" ? [name] : [],
  )
  if (WORKERS === undefined || WORKERS === 1 || missing.length === 0) return []
  return [
    {
      variable: "WORKERS",
      found: `${WORKERS}, without ${missing.join(" and ")}`,
      allowed:
        "1, or more with PostgreSQL (DATABASE_URL) and Redis (REDIS_URL), which the workers share; --workers sets it too",
    },
  ]
}
