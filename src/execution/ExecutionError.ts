/**
 * The failures of an attempt and the policy of each. The table at the end defines for every error its outcome, if the
 * same target may retry, if another mode may answer, and the reader's message.
 *
 * `upstream` is the failing side: `runtime`, or the name of a direct provider.
 */
import * as Schema from "effect/Schema"
import type { Outcome } from "../domain/Outcome.ts"

const upstream = { upstream: Schema.String }
const retryAfterMs = { retryAfterMs: Schema.optionalKey(Schema.Finite) }
/** For operators only: an upstream's `code|type|param`. Never its sentences: they may contain keys, hosts or prompts. */
const detail = { detail: Schema.optionalKey(Schema.String) }
const cause = { cause: Schema.optionalKey(Schema.Defect()) }

/** Nothing was sent, because the connection was never made: refused, or unknown host. A retry is safe. */
export class UpstreamUnreachable extends Schema.TaggedError<UpstreamUnreachable>()("UpstreamUnreachable", {
  ...upstream,
  ...cause,
}) {}

/** An HTTP status which means that no work started: 503, or any 5xx of a model, which has no side effects. */
export class UpstreamUnavailable extends Schema.TaggedError<UpstreamUnavailable>()("UpstreamUnavailable", {
  ...upstream,
  ...retryAfterMs,
  ...detail,
  status: Schema.Int,
}) {}

/**
 * The upstream cannot serve the gateway as configured: a wrong key, no credit, an unknown model or path (401, 402,
 * 403, 404, 405, 410 and codes with that meaning). It counts as a failure of the upstream; a retry would not help.
 */
export class UpstreamMisconfigured extends Schema.TaggedError<UpstreamMisconfigured>()(
  "UpstreamMisconfigured",
  { ...upstream, ...detail, status: Schema.Int },
) {}

/** An HTTP status for a faulty request (other 4xx). */
export class UpstreamRejected extends Schema.TaggedError<UpstreamRejected>()("UpstreamRejected", {
  ...upstream,
  status: Schema.Int,
  detail: Schema.String,
}) {}

export class UpstreamRateLimited extends Schema.TaggedError<UpstreamRateLimited>()("UpstreamRateLimited", {
  ...upstream,
  ...retryAfterMs,
  ...detail,
}) {}

/**
 * The body ended, or the connection broke, before the upstream reported the end of the turn. It may have started to
 * work, so there is no retry.
 */
export class UpstreamTruncated extends Schema.TaggedError<UpstreamTruncated>()("UpstreamTruncated", {
  ...upstream,
  ...cause,
}) {}

/** The answer is not in the wire format: five undecodable events in a row, or one important or too large event. */
export class UpstreamGarbled extends Schema.TaggedError<UpstreamGarbled>()("UpstreamGarbled", {
  ...upstream,
  detail: Schema.String,
  /** The unreadable event was a call. It may have been made, so the turn must not run again. */
  called: Schema.optionalKey(Schema.Boolean),
}) {}

/** The upstream reported a failure. `message` and `details` are its own text, for operators only. */
export class UpstreamFailed extends Schema.TaggedError<UpstreamFailed>()("UpstreamFailed", {
  ...upstream,
  ...detail,
  code: Schema.String,
  message: Schema.String,
  httpStatus: Schema.optionalKey(Schema.Int),
  details: Schema.optionalKey(Schema.Json),
  traceId: Schema.optionalKey(Schema.String),
}) {}

/** The upstream reported that the turn is complete, but the answer is empty. */
export class UpstreamEmpty extends Schema.TaggedError<UpstreamEmpty>()("UpstreamEmpty", upstream) {}

/** The upstream cancelled the execution. */
export class UpstreamCancelled extends Schema.TaggedError<UpstreamCancelled>()(
  "UpstreamCancelled",
  upstream,
) {}

export class ContentFiltered extends Schema.TaggedError<ContentFiltered>()("ContentFiltered", {
  ...upstream,
  ...detail,
}) {}

/** The conversation does not fit into the model's context. */
export class ContextTooLong extends Schema.TaggedError<ContextTooLong>()("ContextTooLong", {
  ...upstream,
  ...detail,
}) {}

/**
 * The stored agent cannot be sent: its credentials cannot be decrypted, or an address is not allowed. Found before
 * anything is sent, so it says nothing about the upstream. `detail` names the reason for operators.
 */
export class AgentMisconfigured extends Schema.TaggedError<AgentMisconfigured>()("AgentMisconfigured", {
  ...upstream,
  detail: Schema.String,
}) {}

/** The target does not take a file of the message: its kind, its size, or the number of files. */
export class AttachmentsRefused extends Schema.TaggedError<AttachmentsRefused>()("AttachmentsRefused", {
  ...upstream,
  detail: Schema.String,
}) {}

/** A file of the message could not be read. Found before anything is sent, so it says nothing about the upstream. */
export class AttachmentUnreadable extends Schema.TaggedError<AttachmentUnreadable>()("AttachmentUnreadable", {
  ...upstream,
  detail: Schema.String,
  ...cause,
}) {}

const clock = { ...upstream, afterMs: Schema.Finite }
/** No event arrived within `CHAT_FIRST_CONTENT_TIMEOUT_MS`. */
export class FirstContentTimeout extends Schema.TaggedError<FirstContentTimeout>()(
  "FirstContentTimeout",
  clock,
) {}
/** No event arrived within the Monitor's limit, which is shorter. */
export class FirstProgressTimeout extends Schema.TaggedError<FirstProgressTimeout>()(
  "FirstProgressTimeout",
  clock,
) {}
export class StallTimeout extends Schema.TaggedError<StallTimeout>()("StallTimeout", clock) {}
/** A tool, skill or MCP call is open, and no event arrived within its limit. */
export class CallTimeout extends Schema.TaggedError<CallTimeout>()("CallTimeout", clock) {}
export class TotalTimeout extends Schema.TaggedError<TotalTimeout>()("TotalTimeout", clock) {}

export type ExecutionError =
  | UpstreamUnreachable
  | UpstreamUnavailable
  | UpstreamMisconfigured
  | UpstreamRejected
  | UpstreamRateLimited
  | UpstreamTruncated
  | UpstreamGarbled
  | UpstreamFailed
  | UpstreamEmpty
  | UpstreamCancelled
  | ContentFiltered
  | ContextTooLong
  | AgentMisconfigured
  | AttachmentsRefused
  | AttachmentUnreadable
  | FirstContentTimeout
  | FirstProgressTimeout
  | StallTimeout
  | CallTimeout
  | TotalTimeout

interface ErrorPolicy {
  readonly outcome: Outcome
  /** The same target may retry once, before anything was shown. */
  readonly retry: boolean
  /** The next target may answer instead. */
  readonly next: boolean
  readonly code: string
  readonly message: string
}

const fault = { outcome: "error", retry: false, next: true } as const
const neutral = { outcome: "neutral", retry: false, next: true } as const

const policies: { readonly [Tag in ExecutionError["_tag"]]: ErrorPolicy } = {
  UpstreamUnreachable: {
    ...fault,
    retry: true,
    code: "UPSTREAM_UNREACHABLE",
    message: "The answering service could not be reached.",
  },
  UpstreamUnavailable: {
    ...fault,
    retry: true,
    code: "UPSTREAM_UNAVAILABLE",
    message: "The answering service is not available.",
  },
  UpstreamMisconfigured: {
    ...fault,
    code: "UPSTREAM_MISCONFIGURED",
    message: "The answering service is not set up correctly.",
  },
  UpstreamRejected: {
    ...neutral,
    code: "UPSTREAM_REJECTED",
    message: "The answering service refused the request.",
  },
  UpstreamRateLimited: {
    ...neutral,
    retry: true,
    code: "UPSTREAM_RATE_LIMITED",
    message: "The answering service is busy. Try again later.",
  },
  UpstreamTruncated: {
    ...fault,
    code: "UPSTREAM_TRUNCATED",
    message: "The connection to the answering service broke.",
  },
  UpstreamGarbled: { ...fault, code: "UPSTREAM_GARBLED", message: "The answer could not be understood." },
  UpstreamFailed: { ...fault, code: "UPSTREAM_FAILED", message: "The answering service failed." },
  UpstreamEmpty: { ...fault, code: "UPSTREAM_EMPTY", message: "The answering service gave no answer." },
  // A cancelled turn must not run again elsewhere.
  UpstreamCancelled: {
    ...neutral,
    next: false,
    code: "EXECUTION_CANCELLED",
    message: "The run was cancelled.",
  },
  // Another model must not bypass a filter, unless the operator allows it.
  ContentFiltered: {
    ...neutral,
    next: false,
    code: "CONTENT_FILTERED",
    message: "A content filter refused the message or its answer. Change the message and send it again.",
  },
  // Another provider may have a larger context.
  ContextTooLong: {
    ...neutral,
    code: "CONTEXT_TOO_LONG",
    message: "The conversation is too long for the model. Shorten the message or start a new session.",
  },
  AgentMisconfigured: {
    ...neutral,
    code: "AGENT_MISCONFIGURED",
    message: "The agent is not set up correctly.",
  },
  // Another target may take them.
  AttachmentsRefused: {
    ...neutral,
    code: "ATTACHMENTS_REFUSED",
    message: "The answering service does not take these files. Send fewer or smaller ones.",
  },
  // No other target could read it either.
  AttachmentUnreadable: {
    ...neutral,
    next: false,
    code: "ATTACHMENT_UNREADABLE",
    message: "A file of the message could not be read. Upload it again.",
  },
  FirstContentTimeout: {
    ...fault,
    outcome: "timeout_first_content",
    code: "TIMEOUT_FIRST_CONTENT",
    message: "The answer did not begin in time.",
  },
  FirstProgressTimeout: {
    ...fault,
    outcome: "timeout_first_content",
    code: "TIMEOUT_FIRST_PROGRESS",
    message: "The answering service showed no progress in time.",
  },
  StallTimeout: {
    ...fault,
    outcome: "timeout_stall",
    code: "TIMEOUT_STALL",
    message: "The answer stopped coming.",
  },
  // The call was made, so nothing runs again. The commit gate ensures that.
  CallTimeout: {
    ...fault,
    outcome: "timeout_stall",
    code: "TIMEOUT_CALL",
    message: "A tool did not answer in time.",
  },
  TotalTimeout: {
    ...fault,
    outcome: "timeout_total",
    code: "TIMEOUT_TOTAL",
    message: "The answer took too long.",
  },
}

/** Accepts a code without a long run of letters and digits, which may be a key. */
const isCode = (code: string): boolean =>
  /^[A-Z][A-Z0-9_]{0,63}$/.test(code) && !/(?=[A-Z]*\d)[A-Z0-9]{11,}/.test(code)

/**
 * The policy of an error with the code and message for users: the upstream's own code if it is valid, and a sentence
 * of the gateway. An upstream's sentences may contain hosts, keys, SQL or prompts.
 */
export const errorPolicyOf = (error: ExecutionError): ErrorPolicy => {
  const policy = policies[error._tag]
  if (error._tag === "UpstreamGarbled") return { ...policy, next: error.called !== true }
  if (error._tag !== "UpstreamFailed" || !isCode(error.code)) return policy
  return { ...policy, code: error.code }
}

/** The `Retry-After` of the upstream in milliseconds, if it sent one. */
export const retryAfterOf = (error: ExecutionError): number | undefined =>
  "retryAfterMs" in error ? error.retryAfterMs : undefined
