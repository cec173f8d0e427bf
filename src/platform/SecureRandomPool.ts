/**
 * Random bytes, read from the system a page at a time. A turn takes five ids, and a kernel call per id would cost more than
 * the id (`docs/reference/performance.md`). Node's own `randomUUID` does the same.
 *
 * Invariant: no byte is returned twice.
 */
import * as Layer from "effect/Layer"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { randomBytes } from "node:crypto"

const pageBytes = 4096

const pooled = (): ((size: number) => Uint8Array) => {
  let page = new Uint8Array(0)
  return (size) => {
    if (size > pageBytes) return randomBytes(size)
    if (page.length < size) page = randomBytes(pageBytes)
    const taken = page.subarray(0, size)
    page = page.subarray(size)
    return taken
  }
}

export const layer: Layer.Layer<SecureRandom.SecureRandom> = Layer.sync(SecureRandom.SecureRandom, () =>
  SecureRandom.make(pooled()),
)
