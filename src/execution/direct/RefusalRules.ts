/**
 * Classifies a provider's refusal: the message's fault, the gateway's configuration, or a temporary failure. Pure.
 * Codes take precedence over statuses, since servers send the same codes with different statuses.
 */
import {
  ContentFiltered,
  ContextTooLong,
  type ExecutionError,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamMisconfigured,
  UpstreamRateLimited,
  UpstreamRejected,
  UpstreamUnavailable,
} from "../ExecutionError.ts"
import type { ProviderRefusal } from "./ProviderRefusal.ts"

/** Separators are optional in all codes: servers write `content_filter`, `ContentFilter` and `content-filter`. */
const filterCode =
  /content_?(filter|policy|moderation)|responsible_?ai|moderation|sensitive|data_?inspection|safety|guardrail|prohibited_?content|policy_?violation|^invalid_prompt$|^(1301|1026|1027)$/
const filterWords =
  /content exists risk|content management policy|inappropriate content|safety (system|check)|safety_check|usage polic(y|ies)|violates? (the |our )?(usage|safety|content) |requires moderation|flagged_input|prohibited content|content[ _-]?(filter|policy)|responsible ai/

const contextCode =
  /context_?(length|window|size)|string_?(too_?long|above_?max_?length)|(prompt|input)_?too_?long|request_?too_?large|tokens_?limit_?reached|max_?prompt_?tokens|^1261$/
const contextWords =
  /(maximum|max|available|model'?s?) (context|sequence|prompt)|context_length_exceeded|context[ -]?(length|window|size|limit|shift)|max_seq_len|(prompt|input|request|conversation)( \w+){0,3} too (long|large)|longer than the (maximum|max|model'?s?) |exceeds? (the )?(maximum|max) (number of tokens|length|prompt|input|message|allowed (length|(number of )?(input )?tokens))|exceeds? (the )?(limit|maximum) of \d+ (input |prompt )?tokens|(input|prompt|request) tokens?( \w+){0,3} (cannot )?exceeds?|too many (input |prompt )?tokens|more than (the )?max(imum)? tokens|reduce the length of|exceeded model token limit|inputs?`? .{0,40}(must be <= \d+|must have less than \d+ tokens)|range of input length|max_tokens must be at least 1, got -/

const configurationCode =
  /insufficient_?(quota|balance|credit|fund|permission)|exceeded_?current_?quota|billing|credit_?balance|payment_?required|^quota_?exceeded$|blocked_?api_?access|arrear|spend_?limit|(invalid|incorrect|missing|expired)_?(api_?|access_?|auth_?)?(key|token)|api_?key_?(invalid|expired|service_?blocked)|authentication|unauthenticated|unauthori[sz]ed|permission_?denied|permission_?error|access_?denied|forbidden|account_?(deactivated|disabled|suspended)|organization_?(restricted|disabled)|(model|deployment)_?not_?(found|exist|available|supported|open)|(invalid|unknown|unsupported)_?model|model_?(decommissioned|terms_required|deprecated)|^(not_?found|not_?found_error|service_?disabled|failed_?precondition|unsupported_country\w*)$|^(1113|1211|1004|1008|2049)$/
const configurationWords =
  /insufficient (account )?(balance|credits?|funds)|out of credits?|payment required|billing (hard )?limit|api usage limits|(unknown|invalid|unsupported|not a valid) model\b|model identifier is invalid|model( \S{1,80})? (does |is )?not (exist|found|supported|available)|no endpoints found|on-demand throughput|api key (not valid|expired)|(invalid|incorrect) api key/
/** Servers answer 429 to these too. */
const creditWords = /credit balance|spending limit|available credits/

const rateCode = /rate_?limit|too_?many_?requests|throttl|resource_?exhausted|^(1302|1303|1305|1002|1039)$/

/** Statuses for codes of errors in a stream, which has none of its own. */
const statuses: ReadonlyArray<readonly [RegExp, number]> = [
  [/overload|unavailable|capacity|slow_?down|engine_?busy/, 503],
  [/timeout|deadline/, 504],
  [/server_?error|internal|api_?error|bad_?gateway|upstream/, 500],
  [/invalid_?(request|argument|param)|bad_?request|validation/, 400],
]

const configuration = new Set([401, 402, 403, 404, 405, 407, 410, 412])
const passing = new Set([408, 409, 424, 425, 498, 499])

const detailed = ({ detail }: ProviderRefusal) => (detail === "" ? {} : { detail })

/** For errors without a field for the status. */
const withStatus = ({ detail, status }: ProviderRefusal) => ({
  detail: [status, detail].filter((part) => part !== undefined && part !== "").join(" "),
})

/** Words count where the message may be at fault; a rate limit speaks of tokens and quotas too. */
const saysIn = ({ status, words }: ProviderRefusal, pattern: RegExp): boolean =>
  (status === undefined || [400, 403, 404, 413, 422, 500].includes(status)) && pattern.test(words)

const has = ({ codes }: ProviderRefusal, pattern: RegExp): boolean => codes.some((code) => pattern.test(code))

/** By what the error says, whatever its status is. */
const byMeaning = (
  upstream: string,
  refusal: ProviderRefusal,
  status: number,
): ExecutionError | undefined => {
  const about = { upstream, ...withStatus(refusal) }
  const misconfigured = () => new UpstreamMisconfigured({ upstream, status, ...detailed(refusal) })
  if (has(refusal, filterCode)) return new ContentFiltered(about)
  if (has(refusal, contextCode)) return new ContextTooLong(about)
  if (has(refusal, configurationCode)) return misconfigured()
  // A limit of tokens a minute that is less than the request, which then never fits.
  const neverFits = status === 413 || status === 414 || /request too large/.test(refusal.words)
  if (has(refusal, rateCode) && status < 500 && !neverFits) return rateLimited(upstream, refusal)
  if (status !== 500 && saysIn(refusal, filterWords)) return new ContentFiltered(about)
  if (status === 402 || creditWords.test(refusal.words) || saysIn(refusal, configurationWords))
    return misconfigured()
  if (neverFits || saysIn(refusal, contextWords)) return new ContextTooLong(about)
  return undefined
}

const waiting = ({ retryAfterMs }: ProviderRefusal) => (retryAfterMs === undefined ? {} : { retryAfterMs })

const rateLimited = (upstream: string, refusal: ProviderRefusal): UpstreamRateLimited =>
  new UpstreamRateLimited({ upstream, ...withStatus(refusal), ...waiting(refusal) })

const byStatus = (upstream: string, refusal: ProviderRefusal, status: number): ExecutionError => {
  const about = { upstream, ...detailed(refusal), status }
  if (status === 429) return rateLimited(upstream, refusal)
  // A redirect is not followed: the configured address is not the provider's.
  if (configuration.has(status) || (status >= 300 && status < 400)) return new UpstreamMisconfigured(about)
  if (status >= 500 || passing.has(status)) return new UpstreamUnavailable({ ...about, ...waiting(refusal) })
  if (status >= 400) return new UpstreamRejected({ upstream, status, detail: refusal.detail })
  return new UpstreamGarbled({ upstream, detail: `status ${status}` })
}

/** A refusal instead of an answer. */
export const refused = (
  upstream: string,
  refusal: ProviderRefusal & { readonly status: number },
): ExecutionError =>
  byMeaning(upstream, refusal, refusal.status) ?? byStatus(upstream, refusal, refusal.status)

const impliedStatus = (refusal: ProviderRefusal): number | undefined =>
  refusal.status ?? (has(refusal, rateCode) ? 429 : statuses.find(([pattern]) => has(refusal, pattern))?.[1])

/** An error in an answer with status 200. After text has arrived, the attempt fails, even if a retry could succeed. */
export const failedInside = (
  upstream: string,
  refusal: ProviderRefusal,
  hasText: boolean,
): ExecutionError => {
  const status = impliedStatus(refusal)
  const failed = new UpstreamFailed({ upstream, code: "", message: "", ...detailed(refusal) })
  const error =
    byMeaning(upstream, refusal, status ?? 200) ??
    (status === undefined ? failed : byStatus(upstream, refusal, status))
  return hasText && error._tag !== "ContentFiltered" && error._tag !== "ContextTooLong" ? failed : error
}
