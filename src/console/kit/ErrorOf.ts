/** A rejection as an error: JavaScript can throw any value. Pure. */
export const errorOf = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))
