/** Why something failed, in words, for people who start the service. Pure. */

/** The messages of an error and of its causes, each once: the innermost names what the system said. */
export const reasonOf = (error: unknown): string => {
  const messages = new Set<string>()
  let cause = error
  while (cause instanceof Error) {
    // Node's AggregateError of a refused connection has no message, only a code.
    messages.add(cause.message || ("code" in cause ? String(cause.code) : cause.name))
    cause = cause.cause
  }
  return [...messages].join(": ")
}
