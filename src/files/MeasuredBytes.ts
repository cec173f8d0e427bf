/** Counts and hashes the bytes of one write. */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { FileTooLarge, type Written } from "./FileContents.ts"

export interface MeasuredBytes {
  readonly add: (chunk: Uint8Array) => Effect.Effect<void, FileTooLarge>
  readonly end: () => Written
}

export const make = (limit: number): MeasuredBytes => {
  const hash = createHash("sha256")
  let bytes = 0
  return {
    add: (chunk) =>
      Effect.suspend(() => {
        bytes += chunk.length
        if (bytes > limit) return Effect.fail(new FileTooLarge({ limit }))
        hash.update(chunk)
        return Effect.void
      }),
    end: () => ({ bytes, sha256: hash.digest("hex") }),
  }
}
