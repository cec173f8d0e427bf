/** A key that no other turn has, for `Idempotency-Key`. `crypto.randomUUID` exists only on pages with HTTPS. */
export const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  )
