/** The headers of a response that starts a turn: the caller's limits, and the gateway's own time. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Taken } from "../admission/TokenBucket.ts"
import type { BudgetState } from "../admission/TokenBudget.ts"
import { Arrived } from "./RequestId.ts"

/** Seconds until the bucket is full, rounded up. */
const rateHeaders = ({ limit, remaining, resetMs }: Taken) => ({
  "x-ratelimit-limit": String(limit),
  "x-ratelimit-remaining": String(remaining),
  "x-ratelimit-reset": String(Math.ceil(resetMs / 1000)),
})

/** The budget with fewer tokens left; seconds until the next UTC day, rounded up. */
const budgetHeaders = ({ limit, remaining, resetMs }: BudgetState) => ({
  "x-ratelimit-limit-tokens": String(limit),
  "x-ratelimit-remaining-tokens": String(remaining),
  "x-ratelimit-reset-tokens": String(Math.ceil(resetMs / 1000)),
})

/**
 * Adds the milliseconds that the gateway itself spent before the response starts. It has not waited for an upstream
 * by then.
 */
export const withOverhead = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.withFiber((fiber) => {
    const spent = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - fiber.getRef(Arrived).monotonicAt
    const ms = (Number(spent) / 1e6).toFixed(1)
    return Effect.succeed(HttpServerResponse.setHeader(response, "x-gateway-overhead-ms", ms))
  })

/** Read `budget` after the turn has started, which sets it. */
export const limitHeaders =
  (rate: Taken | undefined, budget: () => BudgetState | undefined) =>
  (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
    const told = budget()
    return HttpServerResponse.setHeaders(response, {
      ...(rate === undefined ? {} : rateHeaders(rate)),
      ...(told === undefined ? {} : budgetHeaders(told)),
    })
  }
