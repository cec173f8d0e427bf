/**
 * Redis error replies that mean it cannot work at present. Pure.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/**
 * The code of an error reply, such as `READONLY` in "READONLY You can't write against a read only replica.";
 * undefined for other errors.
 */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? /^([A-Z]{3,})( |$)/.exec(error.message)?.[1] : undefined

/**
 * For these refusals a new connection may help: after a failover the primary's name leads to another server, a proxy
 * balances again, and the client logs in again. The others (`OOM`, `MISCONF`, `LOADING`) end only in Redis itself.
 */
const endedByConnecting: ReadonlySet<string | undefined> = new Set([
  "READONLY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "NOAUTH",
  "WRONGPASS",
])

/** Checks without an answer before the server counts as gone; the kernel alone would wait for minutes. */
const silentLooks = 5

/** `failures`: consecutive failed checks, with this one. */
export const shouldReconnect = (error: unknown, failures: number): boolean =>
  endedByConnecting.has(codeOf(error)) || failures % silentLooks === 0
