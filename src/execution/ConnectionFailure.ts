/** Decides from a transport error if the connection was ever made. If not, the upstream cannot have seen the turn. Pure. */
import { type ExecutionError, UpstreamTruncated, UpstreamUnreachable } from "./ExecutionError.ts"
import type { TransportFailed } from "./UpstreamHttp.ts"

/** Codes of Node and undici for a connection that was never made. The proxy's refusals give the last four. */
const neverConnected = new Set<unknown>([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_ABORTED",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_PRX_CONN",
  "UND_ERR_PRX_TLS",
])

/** The codes of an error and of its causes. */
const codesOf = (error: unknown): ReadonlyArray<unknown> =>
  error instanceof Error ? ["code" in error ? error.code : undefined, ...codesOf(error.cause)] : []

const isNeverConnected = (cause: unknown): boolean => codesOf(cause).some((code) => neverConnected.has(code))

/** The error of a request that was not answered. */
export const sendFailed =
  (upstream: string) =>
  ({ cause }: TransportFailed): ExecutionError =>
    isNeverConnected(cause)
      ? new UpstreamUnreachable({ upstream, cause })
      : new UpstreamTruncated({ upstream, cause })
