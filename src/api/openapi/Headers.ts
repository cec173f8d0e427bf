/** The headers of the responses, from one table. Pure. */
import type { JsonObject } from "./Schemas.ts"

interface Place {
  readonly status: number
  /** The route answers with a run's events. */
  readonly isRun: boolean
  /** The route starts turns, so the limits of turns apply. */
  readonly startsTurns: boolean
}

interface Row {
  readonly description: string
  readonly type: "string" | "integer" | "number"
  readonly example: string | number
  /** The responses that can have the header. */
  readonly on: (place: Place) => boolean
  /** These responses always have it. */
  readonly always?: (place: Place) => boolean
}

const isOk = ({ status }: Place) => status < 300
const runOk = (place: Place) => place.isRun && isOk(place)
const turn = ({ startsTurns, status }: Place) => startsTurns && status !== 401 && status !== 415
const limits = "Absent if no limit is set, or if the request resumes a stream."

export const table: Readonly<Record<string, Row>> = {
  "X-Request-ID": {
    description: "The request's id in the operators' logs: the request's own `X-Request-ID`, or a new one.",
    type: "string",
    example: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11",
    on: () => true,
    always: () => true,
  },
  "X-Run-ID": {
    description: "The run whose events the stream holds. Use it to resume or cancel.",
    type: "string",
    example: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
    on: runOk,
    always: runOk,
  },
  "X-Session-ID": {
    description: "The session of the run. Send the next message to it.",
    type: "string",
    example: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
    on: runOk,
    always: runOk,
  },
  "X-Execution-Mode": {
    description:
      "The mode that the turn starts with: `runtime_orchestrator` or `direct_llm`. A fallback can change it.",
    type: "string",
    example: "runtime_orchestrator",
    on: runOk,
    always: runOk,
  },
  "X-Gateway-Overhead-Ms": {
    description: "Milliseconds that the gateway spent before the response began.",
    type: "number",
    example: 1.4,
    on: ({ isRun }) => isRun,
  },
  "Idempotent-Replayed": {
    description: "`true` if the `Idempotency-Key` is known: the stream is that of the first request.",
    type: "string",
    example: "true",
    on: (place) => place.startsTurns && isOk(place),
  },
  "X-RateLimit-Limit": {
    description: `Turns per minute of the tightest limit. ${limits}`,
    type: "integer",
    example: 60,
    on: turn,
  },
  "X-RateLimit-Remaining": {
    description: `Turns left now. ${limits}`,
    type: "integer",
    example: 59,
    on: turn,
  },
  "X-RateLimit-Reset": {
    description: `Seconds until all turns of the limit are available again. ${limits}`,
    type: "integer",
    example: 1,
    on: turn,
  },
  "X-RateLimit-Limit-Tokens": {
    description: `Tokens per day (UTC) of the tightest budget. ${limits}`,
    type: "integer",
    example: 1_000_000,
    on: turn,
  },
  "X-RateLimit-Remaining-Tokens": {
    description: `Tokens left today. ${limits}`,
    type: "integer",
    example: 998_000,
    on: turn,
  },
  "X-RateLimit-Reset-Tokens": {
    description: `Seconds until the next day (UTC). ${limits}`,
    type: "integer",
    example: 3600,
    on: turn,
  },
  "Retry-After": {
    description: "Seconds to wait before the next try.",
    type: "integer",
    example: 1,
    on: ({ status }) => [409, 429, 503].includes(status),
    always: ({ status }) => status === 429,
  },
  "WWW-Authenticate": {
    description: "The scheme of the credentials.",
    type: "string",
    example: "Bearer",
    on: ({ status }) => status === 401,
    always: ({ status }) => status === 401,
  },
}

export const headersOn = (place: Place): JsonObject =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, { always, description, example, on, type }]) =>
      on(place)
        ? [[name, { description, schema: { type }, example, required: always?.(place) ?? false }]]
        : [],
    ),
  )
