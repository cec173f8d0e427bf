/**
 * Maps every expected error to its public code, and that to its answer. Internal causes are logged where they happen and never
 * shown.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { type Problem, type PublicError, statusOfCode } from "../api/PublicError.ts"
import type { ReadRejected } from "../admission/Reads.ts"
import type { AdmissionRejected } from "../admission/Rejection.ts"
import type { AgentInactive, NothingToRetry, ParentNotFound } from "../chat/Chat.ts"
import { memoryRetryAfter } from "../runs/TerminalEvent.ts"
import type { TurnKeyReused } from "../chat/Idempotency.ts"
import type { RolloutChanged } from "../decision/Rollout.ts"
import type { NoModeAvailable } from "../decision/ModeService.ts"
import type { OverrideNotStored } from "../recording/BreakerMemory.ts"
import type { AgentInvalid } from "../domain/Agent.ts"
import type { KeyExpired, KeyInvalid, KeyRevoked } from "../domain/ApiKey.ts"
import type { ExpiryInvalid, GrantRefused } from "../domain/KeyGrant.ts"
import type { AgentDenied } from "../domain/Principal.ts"
import type { AgentNotFound } from "../store/Agents.ts"
import { type KeyNotFound, mostKeysOfOrg, type TooManyKeys } from "../store/ApiKeys.ts"
import type { AutopilotConflict } from "../rollout/GuardedRollout.ts"
import type { QuotaExceeded } from "../store/Quotas.ts"
import type { RunNotFound } from "../store/Runs.ts"
import type { SessionNotFound } from "../store/Sessions.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { MemoryShort } from "../runs/LiveBytes.ts"
import type { SessionBusy } from "../runs/LiveRuns.ts"
import type { RunElsewhere } from "../sharing/SharedLogs.ts"
import type { ShuttingDown } from "../runs/Shutdown.ts"
import type { SecretsUnavailable } from "./AgentServers.ts"
import type { KeysUnavailable } from "./Jwks.ts"
import type { TokenExpired, TokenInvalid } from "./Jwt.ts"

export type ServiceError =
  | AdmissionRejected
  | AgentDenied
  | AgentInactive
  | AgentInvalid
  | AgentNotFound
  | AutopilotConflict
  | GrantRefused
  | KeyExpired
  | KeyInvalid
  | KeyNotFound
  | KeyRevoked
  | KeysUnavailable
  | MemoryShort
  | NoModeAvailable
  | NothingToRetry
  | OverrideNotStored
  | ParentNotFound
  | QuotaExceeded
  | ReadRejected
  | RolloutChanged
  | RunElsewhere
  | RunNotFound
  | SecretsUnavailable
  | SessionBusy
  | SessionNotFound
  | ShuttingDown
  | StoreError
  | TokenExpired
  | TokenInvalid
  | TooManyKeys
  | TurnKeyReused

/** Seconds after which a busy or broken part is worth another try. */
const soon = 1

const rejections = {
  process: { code: "OVERLOADED", message: "Too many streams are open here. Nothing was taken." },
  key_rate: { code: "RATE_LIMIT_KEY", message: "The API key has begun too many turns in the last minute." },
  user_rate: { code: "RATE_LIMIT_USER", message: "You have begun too many turns in the last minute." },
  org_rate: {
    code: "RATE_LIMIT_ORG",
    message: "Your organisation has begun too many turns in the last minute.",
  },
  user_streams: { code: "SSE_CONNECTION_LIMIT", message: "You have too many streams open." },
  org_streams: { code: "SSE_CONNECTION_LIMIT", message: "Your organisation has too many streams open." },
  user_runs: { code: "SSE_CONNECTION_LIMIT", message: "Too many of your turns are still running." },
  org_runs: {
    code: "SSE_CONNECTION_LIMIT",
    message: "Too many turns of your organisation are still running.",
  },
  user_tokens: { code: "TOKEN_BUDGET_EXCEEDED", message: "You have spent your tokens of this day (UTC)." },
  org_tokens: {
    code: "TOKEN_BUDGET_EXCEEDED",
    message: "Your organisation has spent its tokens of this day (UTC).",
  },
  reserved_tokens: {
    code: "TOKEN_BUDGET_EXCEEDED",
    message: "The rest of the day's tokens is reserved by turns that are still running.",
  },
} as const satisfies Record<AdmissionRejected["reason"], PublicError>

const expiryProblems = {
  past: "Expected a time in the future, in milliseconds since 1970",
  beyond_creator: "The key would outlive the one that creates it",
} as const satisfies Record<ExpiryInvalid["reason"], string>

const readRejections = {
  user_rate: { code: "RATE_LIMIT_USER", message: "You have read too often in the last minute." },
  org_rate: { code: "RATE_LIMIT_ORG", message: "Your organisation has read too often in the last minute." },
  answers: { code: "OVERLOADED", message: "Too many answers wait for their readers." },
  user_files: { code: "RATE_LIMIT_USER", message: "You are fetching too many files at once." },
  files: { code: "OVERLOADED", message: "Too many files are being fetched." },
} as const satisfies Record<ReadRejected["reason"], PublicError>

const cannotRetry = {
  answered: "The message was answered: there is nothing to retry.",
  other_message: "This is not the message that failed: leave it out, or send it without retry.",
} as const satisfies Record<NothingToRetry["reason"], string>

export const toPublic = (error: ServiceError): PublicError => {
  switch (error._tag) {
    case "AdmissionRejected":
      return { ...rejections[error.reason], retryAfter: error.retryAfter }
    case "AgentDenied":
      return { code: "AUTH_AGENT_DENIED", message: `The API key may not use the agent ${error.agentId}.` }
    case "AgentInactive":
      return { code: "AGENT_INACTIVE", message: "The agent is switched off." }
    case "AgentInvalid":
      return invalid(error.problems.map(({ message, path }) => ({ path: `payload.${path}`, message })))
    case "AgentNotFound":
      return { code: "AGENT_NOT_FOUND", message: "There is no such agent." }
    case "AutopilotConflict":
      return { code: "AUTOPILOT_CONFLICT", message: `Not now: ${error.message}.` }
    case "ExpiryInvalid":
      return invalid([{ path: "payload.expiresAt", message: expiryProblems[error.reason] }])
    case "GrantExceeded":
      return {
        code: "AUTH_PERMISSION_DENIED",
        message: `A key grants no more than its creator has, and you lack: ${error.permissions.join(", ")}.`,
      }
    case "KeyExpired":
      return { code: "AUTH_KEY_EXPIRED", message: "The API key has expired." }
    case "KeyInvalid":
      return { code: "AUTH_KEY_INVALID", message: "There is no such API key." }
    case "KeyNotFound":
      return { code: "KEY_NOT_FOUND", message: "There is no such API key." }
    case "KeyRevoked":
      return { code: "AUTH_KEY_REVOKED", message: "The API key was revoked." }
    case "KeysUnavailable":
      return {
        code: "OVERLOADED",
        message: "The keys of the identity provider cannot be fetched now. Nothing was taken.",
        retryAfter: soon,
      }
    case "MemoryShort":
      return {
        code: "OVERLOADED",
        message: "The answers under way hold nearly all the memory that they may. Nothing was taken.",
        retryAfter: memoryRetryAfter,
      }
    case "NoModeAvailable":
      return { code: "LLM_UNAVAILABLE", message: "Nothing is configured that may answer.", retryAfter: 30 }
    case "NothingToRetry":
      return invalid([{ path: "payload.retry", message: cannotRetry[error.reason] }])
    case "OverrideNotStored":
      return {
        code: "OVERLOADED",
        message: "The order holds, but the store did not take it: a restart would lose it. Send it again.",
        retryAfter: soon,
      }
    case "ParentNotFound":
      return invalid([
        { path: "payload.parentMessageId", message: "There is no such message in the session." },
      ])
    case "QuotaExceeded":
      return {
        code: "QUOTA_EXCEEDED",
        message: `Your organisation has reached its limit of ${error.limit} ${error.resource}. Nothing was stored.`,
      }
    case "RateNotDivisible":
      return {
        code: "AUTH_PERMISSION_DENIED",
        message: "A key with a rate of its own cannot create keys.",
      }
    case "ReadRejected":
      return { ...readRejections[error.reason], retryAfter: error.retryAfter }
    case "RolloutChanged":
      return {
        code: "PRECONDITION_FAILED",
        message: `The settings were changed meanwhile; they are ${error.etag} now. Nothing was taken.`,
      }
    case "RunElsewhere":
      return {
        code: "OVERLOADED",
        message: "The run goes on in a part of the service that cannot be reached now. Come back for it.",
        retryAfter: soon,
      }
    case "RunNotFound":
      return { code: "RUN_NOT_FOUND", message: "There is no such run." }
    case "SecretsUnavailable":
      return {
        code: "SECRETS_UNAVAILABLE",
        message:
          "This service has no key to encrypt authConfig with, so nothing was stored. Its operator sets DATA_KEY.",
      }
    case "SessionBusy":
      return {
        code: "REQUEST_IN_PROGRESS",
        message: "The session's last message is still being answered.",
        retryAfter: soon,
      }
    case "SessionNotFound":
      return { code: "SESSION_NOT_FOUND", message: "There is no such session." }
    case "ShuttingDown":
      return {
        code: "SHUTTING_DOWN",
        message: "This server is being stopped; another one takes the message. Nothing was taken.",
        retryAfter: soon,
      }
    case "StoreError":
      return {
        code: "OVERLOADED",
        message: "The store is not available. Nothing was taken.",
        retryAfter: soon,
      }
    case "TokenExpired":
      return { code: "AUTH_TOKEN_EXPIRED", message: "The token has expired." }
    case "TokenInvalid":
      return { code: "AUTH_TOKEN_INVALID", message: error.reason }
    case "TooManyKeys":
      return {
        code: "KEY_LIMIT_REACHED",
        message: `The organisation has ${mostKeysOfOrg} keys. Revoke one that is not used.`,
      }
    case "TurnKeyReused":
      return {
        code: "IDEMPOTENCY_KEY_REUSED",
        message: "This Idempotency-Key belongs to another request. Send a new key with a new request.",
      }
  }
}

const mostProblems = 20
/** Characters. A member's name in a path is the caller's and may be as long as the body. */
const longestPath = 200

/** Names the first problems. */
export const invalid = (problems: ReadonlyArray<Problem>): PublicError => {
  const details = problems
    .slice(0, mostProblems)
    .map(({ message, path }) => ({ path: path.slice(0, longestPath), message }))
  return {
    code: "VALIDATION_FAILED",
    message: `The request is not valid: ${details.map(({ path }) => path).join(", ")}.`,
    details,
  }
}

export const respond = (error: PublicError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    { success: false, error },
    {
      status: statusOfCode[error.code],
      headers: {
        ...(error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) }),
        // A client that keeps connections shall ask another server next time.
        ...(error.code === "SHUTTING_DOWN" ? { connection: "close" } : {}),
        ...(statusOfCode[error.code] === 401 ? { "www-authenticate": "Bearer" } : {}),
      },
    },
  )

export const nothingHere = respond({ code: "ROUTE_NOT_FOUND", message: "There is nothing at this path." })

/** A handler's answer, where what it expects to fail is an answer too. */
export const answering = <A, R>(effect: Effect.Effect<A, ServiceError, R>) =>
  Effect.catch(effect, (error) => Effect.succeed(respond(toPublic(error))))
