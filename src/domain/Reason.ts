/** Describes the reason of a failure for people who start the service. Pure. */

/** The messages of an error and of its causes, each once. The innermost one is the system's own. */
export const reasonOf = (error: unknown): string => {
  const messages = new Set<string>()
  let cause = error
  while (cause instanceof Error) {
    // Node's AggregateError for a refused connection has a code but no message.
    messages.add(cause.message || ("code" in cause ? String(cause.code) : cause.name))
    cause = cause.cause
  }
  return [...messages].join(": ")
}
