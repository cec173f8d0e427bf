/** The verdict on an answer of a webhook, and the wait before the next try. Pure; the random number goes in. */
import { parseRetryAfter } from "../domain/RetryAfterHeader.ts"
import type { Delivered, WebhookForm } from "../domain/Webhook.ts"

/** A receiver that stays away for longer misses the notification. */
export const longestDeliveryMs = 15 * 60_000
const firstWaitMs = 1000
const longestWaitMs = 60_000

/** The words of Slack's incoming webhooks. Other words of an answer may repeat the request, so no text shows them. */
const slackWords = [
  "action_prohibited",
  "channel_is_archived",
  "channel_not_found",
  "invalid_payload",
  "invalid_token",
  "no_active_hooks",
  "no_service",
  "no_team",
  "no_text",
  "posting_to_general_channel_denied",
  "rollup_error",
  "team_disabled",
  "too_many_attachments",
  "user_not_found",
]

interface Answer {
  readonly form: WebhookForm
  readonly status: number
  readonly retryAfter: string | undefined
  /** The beginning of its text. */
  readonly text: string
}

const wordsOf = ({ status, text }: Answer): string => {
  if (status >= 300 && status < 400) return `answered ${status}; redirects are not followed`
  const word = slackWords.find((known) => text.trim() === known)
  return word === undefined ? `answered ${status}` : `answered ${status} (${word})`
}

/**
 * Chats also report failures in an answer of 200: Teams connectors in a sentence, others in a JSON field. The status
 * alone decides for `json`.
 */
const isRefusedInText = ({ form, text }: Answer): boolean =>
  form !== "json" &&
  (/^\s*Webhook message delivery failed/i.test(text) || /^\s*\{[^{}]*"(?:ok|success)"\s*:\s*false/.test(text))

/** 408, 429 and 5xx may succeed later. Every other refusal is final. */
export const verdictOf = (answer: Answer, now: number): Delivered => {
  const { form, retryAfter, status } = answer
  if (status >= 200 && status < 300 && isRefusedInText(answer)) {
    const reason = `answered ${status}, but the ${form} text says that it failed`
    return { _tag: "failed", status, reason, retryAfterMs: 0 }
  }
  if (status >= 200 && status < 300) return { _tag: "delivered", status }
  const mayRetry = status === 408 || status === 429 || status >= 500
  const retryAfterMs = mayRetry ? (parseRetryAfter(retryAfter, now) ?? 0) : undefined
  return { _tag: "failed", status, reason: wordsOf(answer), retryAfterMs }
}

/** Without an answer the next try may succeed. `reason` has no address. */
export const unanswered = (reason: string): Delivered => ({
  _tag: "failed",
  status: null,
  reason,
  retryAfterMs: 0,
})

/**
 * The wait after try number `tries`, from 1; undefined: give up. It doubles from one second to one minute, minus up to
 * a half (`random` from 0 to 1), and is never shorter than the receiver asks for.
 */
export const waitMs = (
  retryAfterMs: number | undefined,
  tries: number,
  elapsedMs: number,
  random: number,
): number | undefined => {
  if (retryAfterMs === undefined) return undefined
  const backoff = Math.min(firstWaitMs * 2 ** Math.min(tries - 1, 20), longestWaitMs)
  const wait = Math.max(retryAfterMs, Math.round(backoff * (1 - random / 2)))
  return elapsedMs + wait > longestDeliveryMs ? undefined : wait
}
