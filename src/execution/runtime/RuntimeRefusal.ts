/** Maps the runtime's refusal to an error. Pure. */
import {
  type ExecutionError,
  UpstreamFailed,
  UpstreamMisconfigured,
  UpstreamRateLimited,
  UpstreamRejected,
  UpstreamUnavailable,
} from "../ExecutionError.ts"

const upstream = "runtime"

/** A wrong address, path or credential. So is 3xx, because redirects are not followed. */
const misconfigured = new Set([401, 402, 403, 404, 405, 410])

const longestDetail = 120

/**
 * FastAPI's first problem as `type field`, such as `missing body.agent_config`. The rest of the body repeats the
 * request, so it is dropped.
 */
export const detailOf = (body: string): string => {
  const found =
    /^\s*\{\s*"detail"\s*:\s*\[\s*\{\s*"type"\s*:\s*"([\w.]+)"\s*,\s*"loc"\s*:\s*\[([^\]]*)\]/.exec(body)
  if (found === null) return ""
  const place = (found[2] ?? "").match(/[\w-]+/g)?.join(".") ?? ""
  return `${found[1]} ${place}`.trim().slice(0, longestDetail)
}

/**
 * 503 means that no work started. Any other failure may arrive after the runtime, or a proxy before it, has started.
 */
export const errorOf = (status: number, body: string, waitMs: number | undefined): ExecutionError => {
  const retryAfter = waitMs === undefined ? {} : { retryAfterMs: waitMs }
  if (status === 429) return new UpstreamRateLimited({ upstream, ...retryAfter })
  if (status === 503) return new UpstreamUnavailable({ upstream, status, ...retryAfter })
  if ((status >= 300 && status < 400) || misconfigured.has(status))
    return new UpstreamMisconfigured({ upstream, status })
  if (status >= 400 && status < 500) return new UpstreamRejected({ upstream, status, detail: detailOf(body) })
  return new UpstreamFailed({ upstream, code: "UPSTREAM_UNAVAILABLE", message: "", httpStatus: status })
}
