/**
 * Error replies with which Redis says that it cannot do its job at present. Pure.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/** `READONLY` of "READONLY You can't write against a read only replica."; undefined where the error is no reply of Redis. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? /^([A-Z]{3,})( |$)/.exec(error.message)?.[1] : undefined

/**
 * A new connection may reach another server: the name of the primary points elsewhere after a failover, and a proxy balances
 * anew. It also logs in again. Nothing else ends the other refusals (`OOM`, `MISCONF`, `LOADING`) than Redis itself.
 */
const endedByConnecting: ReadonlySet<string | undefined> = new Set([
  "READONLY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "NOAUTH",
  "WRONGPASS",
])

/** Looks without an answer after which the server is taken for gone: the kernel alone would wait for minutes. */
const silentLooks = 5

/** `failures`: looks in a row that have failed, this one included. */
export const shouldReconnect = (error: unknown, failures: number): boolean =>
  endedByConnecting.has(codeOf(error)) || failures % silentLooks === 0
