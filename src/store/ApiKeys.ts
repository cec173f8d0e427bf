/** API keys in the store. Only their hashes are there; `hash` is the SHA-256 of a key's text (`domain/ApiKey.ts`). */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ApiKey } from "../domain/ApiKey.ts"
import { ApiKeyId, type OrgId, type UserId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { Change } from "./Audit.ts"
import type { StoreError } from "./StoreError.ts"

/** Also when it is another organisation's, or another user's where the caller manages only its own. */
export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", { id: ApiKeyId }) {}

export class TooManyKeys extends Schema.TaggedError<TooManyKeys>()("TooManyKeys", {}) {}

/** Keys that are neither revoked nor expired. */
export const mostKeysOfOrg = 1000

/** The keys of an organisation, or those of one user in it. */
export interface KeyScope {
  readonly orgId: OrgId
  readonly userId?: UserId
}

/** The rest of the audit's entry is the store's. */
export type KeyChange = Pick<Change, "at" | "by">

export interface Revocation {
  readonly hash: string
  readonly revokedAt: number
  /** Rises with each revocation, in the order of the commits. */
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
    /** One transaction with the audit's entry. */
    readonly create: (
      key: ApiKey,
      hash: string,
      change: KeyChange,
    ) => Effect.Effect<void, StoreError | TooManyKeys>
    /** Newest first; `before` is the id that the last page ended with. */
    readonly list: (
      scope: KeyScope,
      page: { readonly before?: ApiKeyId; readonly limit: number },
    ) => Effect.Effect<Page<ApiKey, ApiKeyId>, StoreError>
    /** One transaction with the audit's entry. A key that is revoked stays as it is, and nothing is written. */
    readonly revoke: (
      scope: KeyScope,
      id: ApiKeyId,
      change: KeyChange,
    ) => Effect.Effect<ApiKey, KeyNotFound | StoreError>
    /** By their hashes, revoked and expired keys included. One statement. */
    readonly find: (hashes: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ApiKey>, StoreError>
    /** The number of the last revocation. */
    readonly lastRevocation: Effect.Effect<number, StoreError>
    /** Revocations after a number, in their order, `limit` at most. */
    readonly revokedAfter: (
      number: number,
      limit: number,
    ) => Effect.Effect<ReadonlyArray<Revocation>, StoreError>
    /** One transaction. A later use that another replica has written stays. */
    readonly recordUses: (uses: ReadonlyArray<KeyUse>) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/ApiKeys") {}
