/**
 * Maps each expected error to its public code, and the code to its response. Internal causes are logged where they
 * occur and never shown.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Match from "effect/Match"
import type { Problem, PublicError } from "../protocol/PublicError.ts"
import type { ReadRejected } from "../admission/Reads.ts"
import type { AdmissionRejected } from "../admission/Rejection.ts"
import type { AgentInactive } from "../chat/Chat.ts"
import type { HistoryInvalid } from "../chat/ClientHistory.ts"
import type { InterruptNotFound } from "../chat/Interrupts.ts"
import type { NothingToRetry, NotUsersMessage, ParentNotFound } from "../chat/TurnPlace.ts"
import { memoryRetryAfter } from "../runs/TerminalEvent.ts"
import type { TurnKeyReused } from "../chat/Idempotency.ts"
import type { RolloutChanged } from "../decision/Rollout.ts"
import type { AttachmentsUnsupported, NoModeAvailable } from "../decision/ModeService.ts"
import type { OverrideNotStored } from "../recording/BreakerMemory.ts"
import type { AgentInvalid } from "../domain/Agent.ts"
import type { KeyExpired, KeyInvalid, KeyRevoked } from "../domain/ApiKey.ts"
import type { ExpiryInvalid, GrantRefused } from "../domain/KeyGrant.ts"
import type { AgentDenied } from "../domain/Principal.ts"
import type { AgentNotFound } from "../store/Agents.ts"
import { type KeyNotFound, mostKeysOfOrg, type TooManyKeys } from "../store/ApiKeys.ts"
import type { NotAnAnswer } from "../store/FeedbackStore.ts"
import type { ErasureNotFound } from "../store/Erasures.ts"
import type { AutopilotConflict } from "../rollout/GuardedRollout.ts"
import type { MessageNotFound } from "../store/Messages.ts"
import type { BelowDeleted } from "../store/Deletions.ts"
import type { QuotaExceeded } from "../store/Quotas.ts"
import type { RunNotFound } from "../store/Runs.ts"
import type { SessionNotFound } from "../store/Sessions.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { MemoryShort } from "../runs/LiveBytes.ts"
import type { SessionBusy } from "../runs/LiveRuns.ts"
import type { RunElsewhere } from "../sharing/SharedLogs.ts"
import type { ShuttingDown } from "../runs/Shutdown.ts"
import type { SecretsUnavailable } from "./AgentServers.ts"
import * as ErrorResponse from "./ErrorResponse.ts"
import { type FileError, fileErrors } from "./FileErrors.ts"
import type { KeysUnavailable } from "./Jwks.ts"
import type { TokenExpired, TokenInvalid } from "./Jwt.ts"
import { type SignInError, signInErrors } from "./SignInErrors.ts"

export type ServiceError =
  | AdmissionRejected
  | AgentDenied
  | AgentInactive
  | AgentInvalid
  | AgentNotFound
  | AttachmentsUnsupported
  | AutopilotConflict
  | BelowDeleted
  | ErasureNotFound
  | FileError
  | GrantRefused
  | HistoryInvalid
  | InterruptNotFound
  | KeyExpired
  | KeyInvalid
  | KeyNotFound
  | KeyRevoked
  | KeysUnavailable
  | MemoryShort
  | MessageNotFound
  | NoModeAvailable
  | NotAnAnswer
  | NothingToRetry
  | NotUsersMessage
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
  | SignInError
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
  user_rate: { code: "RATE_LIMIT_USER", message: "You have sent too many requests in the last minute." },
  org_rate: {
    code: "RATE_LIMIT_ORG",
    message: "Your organisation has sent too many requests in the last minute.",
  },
  answers: { code: "OVERLOADED", message: "Too many answers wait for their readers." },
  user_files: { code: "RATE_LIMIT_USER", message: "You are fetching too many files at once." },
  files: { code: "OVERLOADED", message: "Too many files are being fetched." },
} as const satisfies Record<ReadRejected["reason"], PublicError>

const cannotRetry = {
  answered: "The message was answered: there is nothing to retry.",
  other_message: "This is not the message that failed: leave it out, or send it without retry.",
} as const satisfies Record<NothingToRetry["reason"], string>

const expectedKinds = ({ allowed, kinds }: AttachmentsUnsupported): string => {
  const sets = allowed.flatMap((set) => (set.length === 0 ? [] : [set.join(", ")]))
  const expected = sets.length === 0 ? "no files" : `files of the kinds ${sets.join("; or ")}`
  return `Expected ${expected}, got ${kinds.join(", ")}`
}

const mostProblems = 20
/** Characters. A member's name in a path is the caller's text and may be as long as the body. */
const longestPath = 200

/** Lists the first problems. */
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

export const toPublic: (error: ServiceError) => PublicError = Match.typeTags<ServiceError, PublicError>()({
  AdmissionRejected: (error) => ({ ...rejections[error.reason], retryAfter: error.retryAfter }),
  AgentDenied: (error) => ({
    code: "AUTH_AGENT_DENIED",
    message: `The API key may not use the agent ${error.agentId}.`,
  }),
  AgentInactive: () => ({ code: "AGENT_INACTIVE", message: "The agent is switched off." }),
  AgentInvalid: (error) =>
    invalid(error.problems.map(({ message, path }) => ({ path: `payload.${path}`, message }))),
  AgentNotFound: () => ({ code: "AGENT_NOT_FOUND", message: "There is no such agent." }),
  ...fileErrors(invalid),
  ...signInErrors,
  AttachmentsUnsupported: (error) => ({
    code: "ATTACHMENTS_UNSUPPORTED",
    message: `The files cannot be sent: ${expectedKinds(error)}.`,
    details: [{ path: "payload.attachments", message: expectedKinds(error) }],
  }),
  AutopilotConflict: (error) => ({ code: "AUTOPILOT_CONFLICT", message: `Not now: ${error.message}.` }),
  ErasureNotFound: () => ({ code: "ERASURE_NOT_FOUND", message: "There is no such erasure." }),
  ExpiryInvalid: (error) => invalid([{ path: "payload.expiresAt", message: expiryProblems[error.reason] }]),
  GrantExceeded: (error) => ({
    code: "AUTH_PERMISSION_DENIED",
    message: `A key grants no more than its creator has, and you lack: ${error.permissions.join(", ")}.`,
  }),
  HistoryInvalid: (error) =>
    invalid(error.problems.map(({ message, path }) => ({ path: `payload.${path}`, message }))),
  InterruptNotFound: () => ({
    code: "INTERRUPT_NOT_FOUND",
    message: "No interrupt with this id waits for an answer in the session.",
  }),
  KeyExpired: () => ({ code: "AUTH_KEY_EXPIRED", message: "The API key has expired." }),
  KeyInvalid: () => ({ code: "AUTH_KEY_INVALID", message: "There is no such API key." }),
  KeyNotFound: () => ({ code: "KEY_NOT_FOUND", message: "There is no such API key." }),
  KeyRevoked: () => ({ code: "AUTH_KEY_REVOKED", message: "The API key was revoked." }),
  KeysUnavailable: () => ({
    code: "OVERLOADED",
    message: "The keys of the identity provider cannot be fetched now. Nothing was taken.",
    retryAfter: soon,
  }),
  MemoryShort: () => ({
    code: "OVERLOADED",
    message: "The answers under way hold nearly all the memory that they may. Nothing was taken.",
    retryAfter: memoryRetryAfter,
  }),
  BelowDeleted: ({ ancestorId }) =>
    invalid([
      {
        path: "params.messageId",
        message: `Expected a message below messages that are not deleted: restore ${ancestorId} first`,
      },
    ]),
  MessageNotFound: () => ({ code: "MESSAGE_NOT_FOUND", message: "There is no such message." }),
  NoModeAvailable: () => ({
    code: "LLM_UNAVAILABLE",
    message: "Nothing is configured that may answer.",
    retryAfter: 30,
  }),
  NotAnAnswer: () =>
    invalid([{ path: "params.messageId", message: "Expected an assistant's message, not a user's" }]),
  NothingToRetry: (error) => invalid([{ path: "payload.retry", message: cannotRetry[error.reason] }]),
  NotUsersMessage: () => invalid([{ path: "params.messageId", message: "Expected a message of the user" }]),
  OverrideNotStored: () => ({
    code: "OVERLOADED",
    message: "The order holds, but the store did not take it: a restart would lose it. Send it again.",
    retryAfter: soon,
  }),
  ParentNotFound: () =>
    invalid([{ path: "payload.parentMessageId", message: "There is no such message in the session." }]),
  QuotaExceeded: (error) => ({
    code: "QUOTA_EXCEEDED",
    message: `Your organisation has reached its limit of ${error.limit} ${error.resource}. Nothing was stored.`,
  }),
  RateNotDivisible: () => ({
    code: "AUTH_PERMISSION_DENIED",
    message: "A key with a rate of its own cannot create keys.",
  }),
  ReadRejected: (error) => ({ ...readRejections[error.reason], retryAfter: error.retryAfter }),
  RolloutChanged: (error) => ({
    code: "PRECONDITION_FAILED",
    message: `The settings were changed meanwhile; they are ${error.etag} now. Nothing was taken.`,
  }),
  RunElsewhere: () => ({
    code: "OVERLOADED",
    message: "The run goes on in a part of the service that cannot be reached now. Come back for it.",
    retryAfter: soon,
  }),
  RunNotFound: () => ({ code: "RUN_NOT_FOUND", message: "There is no such run." }),
  SecretsUnavailable: () => ({
    code: "SECRETS_UNAVAILABLE",
    message:
      "This service has no key to encrypt authConfig with, so nothing was stored. Its operator sets DATA_KEY.",
  }),
  SessionBusy: () => ({
    code: "REQUEST_IN_PROGRESS",
    message: "The session's last message is still being answered.",
    retryAfter: soon,
  }),
  SessionNotFound: () => ({ code: "SESSION_NOT_FOUND", message: "There is no such session." }),
  ShuttingDown: () => ({
    code: "SHUTTING_DOWN",
    message: "This server is being stopped; another one takes the message. Nothing was taken.",
    retryAfter: soon,
  }),
  StoreError: () => ({
    code: "OVERLOADED",
    message: "The store is not available. Nothing was taken.",
    retryAfter: soon,
  }),
  TokenExpired: () => ({ code: "AUTH_TOKEN_EXPIRED", message: "The token has expired." }),
  TokenInvalid: (error) => ({ code: "AUTH_TOKEN_INVALID", message: error.reason }),
  TooManyKeys: () => ({
    code: "KEY_LIMIT_REACHED",
    message: `The organisation has ${mostKeysOfOrg} keys. Revoke one that is not used.`,
  }),
  TurnKeyReused: () => ({
    code: "IDEMPOTENCY_KEY_REUSED",
    message: "This Idempotency-Key belongs to another request. Send a new key with a new request.",
  }),
})

/** The response in the format of the protocol that the request names. */
export const respond = (
  error: PublicError,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
    const { body, headers, status } = ErrorResponse.make(error, request)
    return HttpServerResponse.text(body, { status, headers })
  })

export const nothingHere = respond({ code: "ROUTE_NOT_FOUND", message: "There is nothing at this path." })

export const orgNotFound = respond({ code: "ORG_NOT_FOUND", message: "There is no such organisation." })

/** The response of a handler, whose expected errors are responses too. */
export const answering = <A, R>(effect: Effect.Effect<A, ServiceError, R>) =>
  Effect.catch(effect, (error) => respond(toPublic(error)))
