/**
 * API keys: `sk-` and 256 random bits. The service stores a key's SHA-256 and shows its prefix. The key's text appears
 * once, in the response to its creation. A plain hash is enough, because 256 random bits cannot be guessed.
 */
import * as Schema from "effect/Schema"
import { hash } from "node:crypto"
import { AgentId, ApiKeyId, OrgId, UserId } from "./Ids.ts"
import type { Principal } from "./Principal.ts"

const scheme = "sk-"
export const keyBytes = 32
/** Base64url of 32 bytes. */
const keyPattern = /^sk-[A-Za-z0-9_-]{43}$/
const shownLength = scheme.length + 6

/**
 * True for well-formed and malformed keys. A JSON Web Token never starts like this, because its first character
 * encodes a brace.
 */
export const looksLikeKey = (credential: string): boolean => credential.startsWith(scheme)

export const isKeyText = (text: string): boolean => keyPattern.test(text)

export const keyTextOf = (random: Uint8Array): string =>
  `${scheme}${Buffer.from(random).toString("base64url")}`

export const hashOf = (text: string): string => hash("sha256", text, "hex")

export const prefixOf = (text: string): string => text.slice(0, shownLength)

/** The view for people who manage the key. Times are epoch milliseconds. */
export const ApiKey = Schema.Struct({
  id: ApiKeyId,
  orgId: OrgId,
  /** Requests with the key act as this user. */
  userId: UserId,
  name: Schema.String,
  prefix: Schema.String,
  permissions: Schema.Array(Schema.String),
  /** Null means all agents. */
  agents: Schema.NullOr(Schema.Array(AgentId)),
  /** Turns a minute, in addition to the rates of the user and the organisation. Null: only those apply. */
  ratePerMinute: Schema.NullOr(Schema.Int),
  expiresAt: Schema.NullOr(Schema.Int),
  createdAt: Schema.Int,
  /** The key of the request that created this one. Null for a token. */
  createdWith: Schema.NullOr(ApiKeyId),
  revokedAt: Schema.NullOr(Schema.Int),
  /** At most a minute old. */
  lastUsedAt: Schema.NullOr(Schema.Int),
})
export type ApiKey = typeof ApiKey.Type

export const principalOf = (key: ApiKey): Principal => ({
  orgId: key.orgId,
  userId: key.userId,
  permissions: key.permissions,
  key: { id: key.id, agents: key.agents, ratePerMinute: key.ratePerMinute, expiresAt: key.expiresAt },
})

/** An unknown or malformed key. */
export class KeyInvalid extends Schema.TaggedError<KeyInvalid>()("KeyInvalid", {}) {}
export class KeyExpired extends Schema.TaggedError<KeyExpired>()("KeyExpired", {}) {}
export class KeyRevoked extends Schema.TaggedError<KeyRevoked>()("KeyRevoked", {}) {}
