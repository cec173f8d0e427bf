/** The files of a new message: finds those that the user has uploaded, and stores those that the request contains. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Attachment } from "../domain/Attachment.ts"
import type { AttachmentInput } from "../domain/AttachmentInput.ts"
import type { SessionId } from "../domain/Ids.ts"
import { type FileOwner, Files, type StoredFile } from "../store/Files.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as DataUrl from "./DataUrl.ts"
import { FileIntake, type IntakeError } from "./FileIntake.ts"

/** `path`: below the field of the files, such as `1.fileId`. `field`: by default `attachments`. */
export class AttachmentsInvalid extends Schema.TaggedError<AttachmentsInvalid>()("AttachmentsInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })),
  field: Schema.optionalKey(Schema.Literal("parts")),
}) {}

export class MessageFiles extends Context.Service<
  MessageFiles,
  {
    /** `sessionId`: undefined for the first message of a new session. */
    readonly of: (
      owner: FileOwner,
      inputs: ReadonlyArray<AttachmentInput>,
      sessionId?: SessionId,
    ) => Effect.Effect<ReadonlyArray<Attachment>, AttachmentsInvalid | IntakeError | StoreError>
  }
>()("crossfade/files/MessageFiles") {
  /** `maxBytes`: of all files of one message together. */
  static readonly layer = (maxBytes: number) => Layer.effect(MessageFiles, make(maxBytes))
}

const attachmentOf = ({ bytes, fileId, filename, kind, mediaType }: StoredFile): Attachment => ({
  fileId,
  filename,
  mediaType,
  kind,
  bytes,
})

const invalid = (path: string, message: string) => new AttachmentsInvalid({ problems: [{ path, message }] })

const make = Effect.fnUntraced(function* (maxBytes: number) {
  const files = yield* Files
  const intake = yield* FileIntake

  const store = Effect.fnUntraced(function* (
    owner: FileOwner,
    index: number,
    data: string,
    filename?: string,
  ) {
    const parsed = DataUrl.parse(data)
    if (parsed === undefined)
      return yield* invalid(`${index}.data`, "Expected a data URL with Base64: data:<type>;base64,<data>")
    const incoming = { filename, type: parsed.type, bytes: Stream.make(parsed.bytes) }
    const [file] = yield* intake
      .receive(owner, Stream.make(incoming))
      .pipe(
        Effect.catchTag("FileRefused", ({ found }) =>
          invalid(`${index}.data`, `Expected a file that is accepted, found: ${found}`),
        ),
      )
    return file === undefined ? [] : [file]
  })

  const find = Effect.fnUntraced(function* (
    owner: FileOwner,
    inputs: ReadonlyArray<AttachmentInput>,
    sessionId: SessionId | undefined,
  ) {
    const ids = inputs.flatMap((input) => ("fileId" in input ? [input.fileId] : []))
    const found = new Map((yield* files.find(owner, ids)).map((file) => [file.fileId, file]))
    const problems = inputs.flatMap((input, index) => {
      if (!("fileId" in input)) return []
      const file = found.get(input.fileId)
      const path = `${index}.fileId`
      if (file === undefined) return [{ path, message: "Expected the id of a file that you have uploaded" }]
      if (ids.indexOf(input.fileId) !== ids.lastIndexOf(input.fileId))
        return [{ path, message: "Expected each file once" }]
      return file.sessionId === null || file.sessionId === sessionId
        ? []
        : [{ path, message: "Expected a file that no other session uses: upload it again" }]
    })
    return problems.length === 0 ? found : yield* new AttachmentsInvalid({ problems })
  })

  const of: MessageFiles["Service"]["of"] = Effect.fnUntraced(function* (owner, inputs, sessionId) {
    if (inputs.length === 0) return []
    // The checks come first, so that a request that is refused for them stores no file.
    const found = yield* find(owner, inputs, sessionId)
    const all = yield* Effect.forEach(inputs, (input, index) =>
      "fileId" in input
        ? Effect.succeed([found.get(input.fileId)])
        : store(owner, index, input.data, input.filename),
    )
    const attachments = all.flat().flatMap((file) => (file === undefined ? [] : [attachmentOf(file)]))
    const bytes = attachments.reduce((sum, file) => sum + file.bytes, 0)
    if (bytes > maxBytes)
      return yield* new AttachmentsInvalid({
        problems: [{ path: "", message: `Expected at most ${maxBytes} bytes together, found ${bytes}` }],
      })
    return attachments
  })

  return MessageFiles.of({ of })
})
