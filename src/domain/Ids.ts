/**
 * The ids of everything that a turn touches. All are lower-case UUIDs (new ones are UUIDv7, so they sort by creation
 * time) except `OrgId` and `UserId`, short texts from the token, and `ApiKeyId`.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/**
 * The text form of any UUID version (RFC 9562), accepted in either case and stored in lower case, so that ids compare
 * as text.
 */
const Uuid = Schema.String.pipe(
  Schema.decode(SchemaTransformation.toLowerCase()),
  Schema.check(
    Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
      message: "Expected a UUID",
    }),
  ),
)

export const AgentId = Uuid.pipe(Schema.brand("AgentId"))
export type AgentId = typeof AgentId.Type

export const SessionId = Uuid.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

export const MessageId = Uuid.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

export const RunId = Uuid.pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

export const FileId = Uuid.pipe(Schema.brand("FileId"))
export type FileId = typeof FileId.Type

export const ErasureId = Uuid.pipe(Schema.brand("ErasureId"))
export type ErasureId = typeof ErasureId.Type

/** An API key's id: a UUIDv7 without hyphens after `key_`, so ids sort by creation time. */
export const ApiKeyId = Schema.String.check(
  Schema.isPattern(/^key_[0-9a-f]{32}$/, { message: "Expected key_ and 32 hexadecimal digits" }),
).pipe(Schema.brand("ApiKeyId"))
export type ApiKeyId = typeof ApiKeyId.Type

/** UUIDv7, made in order, so that the transitions of breakers sort by time. */
export const TransitionId = Schema.String.check(Schema.isUUID(7)).pipe(Schema.brand("TransitionId"))
export type TransitionId = typeof TransitionId.Type

/** PostgreSQL's TEXT cannot hold NUL, and an id with one would look like a store that is away. */
const shortText = Schema.String.check(
  Schema.isBetweenLength(1, 200),
  Schema.makeFilter((text) => !text.includes("\0") || "Expected no NUL character"),
)

export const OrgId = shortText.pipe(Schema.brand("OrgId"))
export type OrgId = typeof OrgId.Type

export const UserId = shortText.pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/**
 * An id that each store, key and log line preserves: well-formed Unicode (a lone surrogate becomes U+FFFD in UTF-8,
 * and two ids become one), no control characters or line separators (PostgreSQL accepts no NUL), and a length that
 * indexes accept.
 */
const isPlain = Schema.isPattern(/^[^\p{Cs}\p{Cc}\p{Zl}\p{Zp}]{1,128}$/u, {
  message: "Expected at most 128 characters, well-formed and without control characters",
})

/** Ids from a token, the only source of new ones. Stored ids may be longer. */
export const TokenOrgId = OrgId.check(isPlain)
export const TokenUserId = UserId.check(isPlain)

/** Below each UUIDv7 made at this time or later. */
export const lowestIdAt = (atMs: number): string => {
  const hex = Math.max(0, atMs).toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
