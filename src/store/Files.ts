/**
 * Port: the rows of uploaded files. A file belongs to the user who uploaded it. The first message with the file binds
 * it to a session. `files/FileContents` has the bytes.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Attachment } from "../domain/Attachment.ts"
import { FileId, type OrgId, type SessionId, type UserId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { QuotaExceeded } from "./Quotas.ts"
import type { StoreError } from "./StoreError.ts"

export class FileNotFound extends Schema.TaggedError<FileNotFound>()("FileNotFound", { fileId: FileId }) {}

/** A file of the message was deleted, or used in another session, while its turn began. */
export class AttachmentGone extends Schema.TaggedError<AttachmentGone>()("AttachmentGone", {}) {}

export interface FileOwner {
  readonly orgId: OrgId
  readonly userId: UserId
}

/** A key that is limited to agents reaches unused uploads, and files in the sessions of these agents. */
export type FileReader = FileOwner & Pick<Principal, "key">

export interface StoredFile extends Attachment, FileOwner {
  readonly sha256: string
  /** Null: no message has used the file yet. */
  readonly sessionId: SessionId | null
  readonly createdAt: number
}

export interface FileQuotas {
  /** For the unused uploads of one user. */
  readonly pendingFiles: number
  readonly pendingBytes: number
  /** For all files of one organisation. */
  readonly orgBytes: number
}

export class Files extends Context.Service<
  Files,
  {
    /** Fails if the owner's unused uploads are at their limits, or the organisation's files. Reads only. */
    readonly mayUpload: (
      owner: FileOwner,
      quotas: FileQuotas,
    ) => Effect.Effect<void, QuotaExceeded | StoreError>
    /** Inserts all of them or none. Two uploads at the same moment may exceed a quota together. */
    readonly add: (
      files: ReadonlyArray<StoredFile>,
      quotas: FileQuotas,
    ) => Effect.Effect<void, QuotaExceeded | StoreError>
    readonly get: (
      reader: FileReader,
      id: FileId,
    ) => Effect.Effect<StoredFile, AgentDenied | FileNotFound | StoreError>
    /** Those that exist and belong to the owner, in any order. */
    readonly find: (
      owner: FileOwner,
      ids: ReadonlyArray<FileId>,
    ) => Effect.Effect<ReadonlyArray<StoredFile>, StoreError>
    /** Newest first; `before` is the id of the last page's end. */
    readonly list: (
      reader: FileReader,
      page: { readonly before?: FileId; readonly limit: number },
    ) => Effect.Effect<Page<StoredFile, FileId>, StoreError>
    /** The file is gone for every reader at once; `deletion/Purger` removes its contents. */
    readonly delete: (
      reader: FileReader,
      id: FileId,
    ) => Effect.Effect<void, AgentDenied | FileNotFound | StoreError>
    /** Deletes the uploads from before a time that no message has used. */
    readonly deleteUnused: (createdBefore: number) => Effect.Effect<void, StoreError>
    /** Those of the ids that have a row. */
    readonly known: (ids: ReadonlyArray<FileId>) => Effect.Effect<ReadonlySet<FileId>, StoreError>
  }
>()("crossfade/store/Files") {}
