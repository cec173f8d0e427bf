/**
 * The variables of state shared by replicas, of admission limits, and of the shutdown: part of the table in `Config`.
 */
import * as Result from "effect/Result"
import { choice, list, millis, number, optionalText, url } from "./ConfigVariable.ts"
import * as PostgresUrl from "../domain/PostgresUrl.ts"

const databaseUrl = (text: string) => (text === "" ? Result.succeed(undefined) : PostgresUrl.parse(text))

const atMost = (about: string, fallback: number) =>
  number({ default: fallback, min: 1, max: 1_000_000, unit: "streams", about })

const perMinute = (about: string, fallback: number) =>
  number({ default: fallback, min: 1, max: 10_000_000, unit: "turns a minute", about })

const perDay = (about: string) =>
  number({ default: 0, min: 0, max: 1e15, unit: "tokens", about: `${about} 0: no budget.` })

export const databaseVariables = {
  DATABASE_URL: {
    ...optionalText("PostgreSQL to use instead of the embedded SQLite.", `empty, or ${PostgresUrl.forms}`),
    secret: true,
    parse: (text: string) => (Result.isSuccess(databaseUrl(text)) ? text : undefined),
    why: (text: string) => Result.match(databaseUrl(text), { onSuccess: () => "", onFailure: (why) => why }),
  },
  DATABASE_POOL_SIZE: number({
    default: 10,
    min: 1,
    max: 500,
    unit: "connections",
    about: "Maximum of connections to PostgreSQL.",
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: millis("Limit for one statement in PostgreSQL.", 5000, 100, 60_000),
  DATABASE_TLS: {
    ...choice(
      "TLS to PostgreSQL: `require` accepts any certificate, `verify` only a trusted one that names the host. Empty: `sslmode` of DATABASE_URL, else none.",
      ["", "off", "require", "verify"],
    ),
    allowed: "empty, off | require | verify",
  },
  REDIS_URL: {
    ...url("Redis that several replicas share. Empty: a single process.", ["redis://", "rediss://"]),
    secret: true,
  },
  RUN_EVENTS_RETENTION_DAYS: number({
    default: 30,
    min: 0,
    max: 36_500,
    unit: "days",
    about: "Retention of the events of an ended run; its messages stay. 0: forever.",
  }),
}

export const admissionVariables = {
  RATE_LIMIT_USER_PER_MIN: perMinute("Turns that one user may start.", 60),
  RATE_LIMIT_ORG_PER_MIN: perMinute("Turns that the users of one organisation may start together.", 3000),
  TOKEN_BUDGET_USER_PER_DAY: perDay("Tokens that the turns of one user may spend in a UTC day."),
  TOKEN_BUDGET_ORG_PER_DAY: perDay("Tokens that the turns of one organisation may spend in a UTC day."),
  MAX_STREAMS_PER_USER: atMost("Open streams of one user; the same limit applies to running turns.", 5),
  MAX_STREAMS_PER_ORG: atMost(
    "Open streams of one organisation; the same limit applies to running turns.",
    50,
  ),
  MAX_STREAMS: atMost(
    "Open streams of this process; the same limit applies to running turns. More are rejected before any work.",
    2000,
  ),
  MAX_LIVE_BYTES: number({
    default: 0,
    min: 0,
    max: 1e12,
    unit: "bytes",
    about:
      "Memory for all running runs. Above three quarters the largest run ends, above seven eighths no turn starts. 0: three tenths of Node's heap limit.",
  }),
  CHAT_ON_BUSY: choice("Handling of a message to a session with a running turn.", [
    "reject",
    "queue",
    "interrupt",
  ]),
  DIRECT_CACHE_ORGS: {
    ...optionalText(
      "Organisations whose direct answers are cached and returned to an identical prompt.",
      "empty, or at most 1000 ids of at most 200 characters separated by commas",
    ),
    parse: (text: string) =>
      list(text).length <= 1000 && list(text).every((id) => id.length <= 200) ? text : undefined,
  },
  DIRECT_CACHE_TTL_MS: millis("Lifetime of a cached answer.", 300_000, 1000),
  SHUTDOWN_GRACE_MS: millis("Time that runs may continue after a shutdown starts.", 60_000, 0, 3_600_000),
}
