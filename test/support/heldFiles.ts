/** File contents in memory, and links, for tests of turns with files. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Attachment, AttachmentKind } from "../../src/domain/Attachment.ts"
import { FileId } from "../../src/domain/Ids.ts"
import { ContentsMissing, ContentsUnavailable, FileContents } from "../../src/files/FileContents.ts"
import { Files } from "../../src/store/Files.ts"
import { FileLinks } from "../../src/files/FileLinks.ts"

const mediaTypes: Readonly<Record<AttachmentKind, string>> = {
  image: "image/png",
  pdf: "application/pdf",
  text: "text/plain",
}

/** An attachment with an id that ends with `number`. */
export const attachment = (
  number: number,
  kind: AttachmentKind = "image",
  fields: Partial<Attachment> = {},
): Attachment => ({
  fileId: FileId.make(`01900000-0000-7000-8000-${String(number).padStart(12, "0")}`),
  filename: `file-${number}.${kind === "image" ? "png" : kind === "pdf" ? "pdf" : "txt"}`,
  mediaType: mediaTypes[kind],
  kind,
  bytes: 4,
  ...fields,
})

export interface Held {
  /** The contents by the id of the file. Every other file is missing. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  /** The store does not answer. */
  readonly broken?: boolean
  /** The ids of files that are deleted, but whose contents are still there. */
  readonly deleted?: ReadonlyArray<string>
  /** The ids of the files that were read, in order. */
  readonly reads?: Array<string>
}

export const heldFiles = ({
  broken,
  contents,
  deleted = [],
  reads = [],
}: Held): Layer.Layer<FileContents | FileLinks | Files> =>
  Layer.mergeAll(
    Layer.succeed(
      FileContents,
      FileContents.of({
        write: () => Effect.die("not used"),
        remove: () => Effect.die("not used"),
        removeDrafts: () => Effect.die("not used"),
        writtenBefore: () => Stream.die("not used"),
        read: (fileId, range) => {
          reads.push(fileId)
          if (broken === true)
            return Stream.fail(new ContentsUnavailable({ operation: "read", cause: new Error("disk") }))
          const bytes = contents.get(fileId)
          if (bytes === undefined) return Stream.fail(new ContentsMissing({ fileId }))
          const part = range === undefined ? bytes : bytes.slice(range.first, range.last + 1)
          const half = Math.ceil(part.length / 2)
          return Stream.make(part.slice(0, half), part.slice(half))
        },
      }),
    ),
    Layer.mock(Files, {
      find: (owner, ids) =>
        Effect.succeed(
          ids.flatMap((fileId) =>
            contents.has(fileId) && !deleted.includes(fileId)
              ? [{ ...attachment(0), fileId, ...owner, sha256: "", sessionId: null, createdAt: 0 }]
              : [],
          ),
        ),
    }),
    FileLinks.layer({
      secret: Redacted.make("a secret of at least thirty-two bytes"),
      previousSecrets: [],
      publicUrl: "https://chat.example",
    }),
  )

export const noFiles = heldFiles({ contents: new Map() })
