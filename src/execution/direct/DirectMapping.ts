/**
 * From a provider's stream parts to what an executor says. Pure. The first `error` part or a finish for the reason
 * `error` or `interrupted` fails the attempt: after it a provider's stream may go on and even say `stop`.
 */
import { APICallError, type LanguageModelV4StreamPart } from "@ai-sdk/provider"
import {
  ContentFiltered,
  type ExecutionError,
  parseRetryAfter,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamRateLimited,
  UpstreamRejected,
  UpstreamTruncated,
  UpstreamUnavailable,
  UpstreamUnreachable,
} from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"

export type Mapped =
  | { readonly _tag: "Event"; readonly event: ExecutionEvent }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Failed"; readonly error: ExecutionError }

/** As for an event of the runtime: no honest delta comes near. */
export const maxDelta = 1024 * 1024
export const tooLong = `a delta is longer than ${maxDelta} characters`

const tooLarge = (upstream: string): Mapped => ({
  _tag: "Failed",
  error: new UpstreamGarbled({ upstream, detail: tooLong }),
})

const nothing: Mapped = { _tag: "Nothing" }

type Finish = Extract<LanguageModelV4StreamPart, { readonly type: "finish" }>

type Finished = Extract<ExecutionEvent, { readonly _tag: "Finished" }>

/** A provider's figures are somebody else's: they must not be able to spoil the record of a good answer. */
export const finishedWith = (input: number | undefined, output: number | undefined): Finished => {
  const tokens = Math.round((input ?? 0) + (output ?? 0))
  if ((input === undefined && output === undefined) || !Number.isSafeInteger(tokens) || tokens < 0) {
    return { _tag: "Finished", usage: undefined }
  }
  return {
    _tag: "Finished",
    usage: {
      tokens,
      ...(input === undefined ? {} : { inputTokens: Math.round(input) }),
      ...(output === undefined ? {} : { outputTokens: Math.round(output) }),
    },
  }
}

export const said = (type: "text" | "thinking", content: string): ExecutionEvent => ({
  _tag: "Message",
  draft: type === "text" ? { type, data: { content } } : { type, data: { content, stage: "reasoning" } },
})

const finished = (upstream: string, part: Finish): Mapped => {
  switch (part.finishReason.unified) {
    case "content-filter":
      return { _tag: "Failed", error: new ContentFiltered({ upstream }) }
    case "error":
      return { _tag: "Failed", error: new UpstreamFailed({ upstream, code: "", message: "" }) }
    case "interrupted":
      return { _tag: "Failed", error: new UpstreamTruncated({ upstream }) }
    default:
      return {
        _tag: "Event",
        event: finishedWith(part.usage.inputTokens.total, part.usage.outputTokens.total),
      }
  }
}

export const fromPart = (upstream: string, part: LanguageModelV4StreamPart): Mapped => {
  switch (part.type) {
    case "text-delta":
      if (part.delta === "") return nothing
      if (part.delta.length > maxDelta) return tooLarge(upstream)
      return { _tag: "Event", event: said("text", part.delta) }
    case "reasoning-delta":
      if (part.delta === "") return nothing
      if (part.delta.length > maxDelta) return tooLarge(upstream)
      return { _tag: "Event", event: said("thinking", part.delta) }
    case "finish":
      return finished(upstream, part)
    case "error":
      return { _tag: "Failed", error: fromStreamError(upstream, part.error) }
    default:
      return nothing
  }
}

/** A failure after the answer began. A provider's own words may hold keys or hosts, so they are not passed on. */
export const fromStreamError = (upstream: string, cause: unknown): ExecutionError => {
  if (APICallError.isInstance(cause) && cause.statusCode === 200)
    return new UpstreamTruncated({ upstream, cause })
  const name = cause instanceof Error ? cause.name : ""
  if (name === "AI_JSONParseError" || name === "AI_TypeValidationError") {
    return new UpstreamGarbled({ upstream, detail: name })
  }
  if (name === "TypeError" || name === "AbortError") return new UpstreamTruncated({ upstream, cause })
  return new UpstreamFailed({ upstream, code: "", message: "" })
}

/** A failure instead of an answer. `now` in epoch milliseconds, for `Retry-After` dates. */
export const fromCallError = (upstream: string, cause: unknown, now: number): ExecutionError =>
  APICallError.isInstance(cause) && cause.statusCode !== undefined
    ? fromStatus(upstream, cause.statusCode, cause.responseHeaders?.["retry-after"], now)
    : new UpstreamUnreachable({ upstream, cause })

export const fromStatus = (
  upstream: string,
  status: number,
  retryAfterHeader: string | undefined,
  now: number,
): ExecutionError => {
  const waitMs = parseRetryAfter(retryAfterHeader, now)
  const retryAfter = waitMs === undefined ? {} : { retryAfterMs: waitMs }
  if (status === 429) return new UpstreamRateLimited({ upstream, ...retryAfter })
  // A wrong key or model name is no fault of the user's message: it must show in the figures.
  if (status === 401 || status === 403 || status === 404) {
    return new UpstreamFailed({ upstream, code: "UPSTREAM_UNAVAILABLE", message: "" })
  }
  if (status >= 400 && status < 500) return new UpstreamRejected({ upstream, status, detail: "" })
  return new UpstreamUnavailable({ upstream, status, ...retryAfter })
}
