/** Port: API keys. The store has only their hashes; `hash` is the SHA-256 of a key's text (`domain/ApiKey.ts`). */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ApiKey } from "../domain/ApiKey.ts"
import { ApiKeyId, type OrgId, type UserId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { Change } from "./Audit.ts"
import type { StoreError } from "./StoreError.ts"

/** Also returned for another organisation's key, or another user's key if the caller manages only its own. */
export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", { id: ApiKeyId }) {}

export class TooManyKeys extends Schema.TaggedError<TooManyKeys>()("TooManyKeys", {}) {}

/** The limit of keys that are neither revoked nor expired. */
export const mostKeysOfOrg = 1000

/** The keys of an organisation, or of one of its users. */
export interface KeyScope {
  readonly orgId: OrgId
  readonly userId?: UserId
}

/** The store adds the rest of the audit entry. */
type KeyChange = Pick<Change, "at" | "by">

export interface Revocation {
  readonly hash: string
  readonly revokedAt: number
  /** Rises with each revocation, in commit order. */
  readonly number: number
}

export interface KeyUse {
  readonly id: ApiKeyId
  /** Epoch milliseconds. */
  readonly at: number
}

export class ApiKeys extends Context.Service<
  ApiKeys,
  {
    /** One transaction with the audit entry. */
    readonly create: (
      key: ApiKey,
      hash: string,
      change: KeyChange,
    ) => Effect.Effect<void, StoreError | TooManyKeys>
    /** Newest first; `before` is the id of the last page's end. */
    readonly list: (
      scope: KeyScope,
      page: { readonly before?: ApiKeyId; readonly limit: number },
    ) => Effect.Effect<Page<ApiKey, ApiKeyId>, StoreError>
    /** One transaction with the audit entry. A revoked key stays unchanged and adds no entry. */
    readonly revoke: (
      scope: KeyScope,
      id: ApiKeyId,
      change: KeyChange,
    ) => Effect.Effect<ApiKey, KeyNotFound | StoreError>
    /** Finds keys by hash in one statement, with revoked and expired ones. */
    readonly find: (hashes: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ApiKey>, StoreError>
    /** The number of the last revocation. */
    readonly lastRevocation: Effect.Effect<number, StoreError>
    /** Revocations after a number, in order, at most `limit`. */
    readonly revokedAfter: (
      number: number,
      limit: number,
    ) => Effect.Effect<ReadonlyArray<Revocation>, StoreError>
    /** One transaction. A later use that another replica wrote stays. */
    readonly recordUses: (uses: ReadonlyArray<KeyUse>) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/ApiKeys") {}
