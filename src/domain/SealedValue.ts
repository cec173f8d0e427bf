/**
 * Encryption at rest: AES-256-GCM with a key derived from an operator's secret. The text names its key, so that
 * several keys can be in use. It is bound to its place: a copy in another place does not decrypt. Pure; the caller
 * passes the nonce.
 *
 * Format: `v1.<key id>.<base64url of nonce, ciphertext and tag>`.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto"

/** NIST SP 800-38D: 96 random bits are enough for 2^32 values under one key. */
export const nonceBytes = 12
const tagBytes = 16
const algorithm = "aes-256-gcm"

/** A printed `KeyObject` shows nothing of the key. */
export interface DataKey {
  /** Public, because its derivation is separate from the key's. */
  readonly id: string
  readonly key: KeyObject
}

const derived = (secret: string, info: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", `crossfade ${info}`, bytes))

export const dataKey = (secret: Redacted.Redacted<string>): DataKey => {
  const text = Redacted.value(secret)
  return {
    id: derived(text, "data key id", 4).toString("hex"),
    key: createSecretKey(derived(text, "data key", 32)),
  }
}

/** The parts of a place. JSON keeps two places apart. */
export type Place = ReadonlyArray<string | null>

const bound = (place: Place): Buffer => Buffer.from(JSON.stringify(place))

export const seal = ({ id, key }: DataKey, nonce: Uint8Array, plain: string, place: Place): string => {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(bound(place))
  const parts = [nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]
  return `v1.${id}.${Buffer.concat(parts).toString("base64url")}`
}

/** The id of a sealed value's key; undefined if the text is not a sealed value. */
export const keyIdOf = (sealed: string): string | undefined => /^v1\.([0-9a-f]{8})\.[\w-]+$/.exec(sealed)?.[1]

/** `damaged`: changed, or copied from another place. */
export type Unreadable =
  | { readonly reason: "damaged" }
  | { readonly reason: "unknown_key"; readonly keyId: string }

export const open = (
  keys: ReadonlyArray<DataKey>,
  sealed: string,
  place: Place,
): Result.Result<string, Unreadable> => {
  const keyId = keyIdOf(sealed)
  if (keyId === undefined) return Result.fail({ reason: "damaged" })
  const found = keys.find(({ id }) => id === keyId)
  if (found === undefined) return Result.fail({ reason: "unknown_key", keyId })
  const bytes = Buffer.from(sealed.slice(sealed.lastIndexOf(".") + 1), "base64url")
  const tagAt = bytes.length - tagBytes
  if (tagAt < nonceBytes) return Result.fail({ reason: "damaged" })
  return Result.try({
    try: () => {
      const decipher = createDecipheriv(algorithm, found.key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(bound(place)).setAuthTag(bytes.subarray(tagAt))
      const begun = decipher.update(bytes.subarray(nonceBytes, tagAt))
      return Buffer.concat([begun, decipher.final()]).toString("utf8")
    },
    catch: () => ({ reason: "damaged" }) as const,
  })
}
