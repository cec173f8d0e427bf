/**
 * The files that a target takes, and the choice of the files for one request. Pure.
 *
 * All files of the current message are sent, or the request fails. Files of earlier messages are sent while there is
 * room, newest first. Every other file becomes a mark in its message.
 */
import type { Attachment, AttachmentKind } from "../../domain/Attachment.ts"
import type { PromptMessage } from "../../domain/History.ts"
import type { FileId } from "../../domain/Ids.ts"
import { mostTextBytes, withMarks } from "../../domain/PromptFile.ts"

/** A file in a request: the base64 of an image or a PDF, or the text of a text file. */
export interface LoadedFile extends Attachment {
  readonly content: string
}

export type LoadedFiles = ReadonlyMap<FileId, LoadedFile>

export interface AttachmentRules {
  readonly kinds: ReadonlyArray<AttachmentKind>
  /** Media types of these kinds that the upstream refuses. */
  readonly refusedTypes?: ReadonlyArray<string>
  /** `links`: the upstream fetches the files itself, so the content of each is an address. */
  readonly as: "contents" | "links"
  /** Bytes of all files in one request, in their form there. */
  readonly mostBytes: number
  /** Bytes of the base64 of one image. */
  readonly mostImageBytes: number
  /** Images and PDFs in one request. */
  readonly mostFiles: number
}

export const noAttachments: AttachmentRules = {
  kinds: [],
  as: "contents",
  mostBytes: 0,
  mostImageBytes: 0,
  mostFiles: 0,
}

export const carries = ({ kinds }: AttachmentRules, wanted: ReadonlyArray<AttachmentKind>): boolean =>
  wanted.every((kind) => kinds.includes(kind))

const takesType = ({ kinds, refusedTypes = [] }: AttachmentRules, { kind, mediaType }: Attachment): boolean =>
  kinds.includes(kind) && !refusedTypes.includes(mediaType)

/** Bytes of a file in a request with contents. A text is escaped in JSON, which adds little. */
const sizeOf = ({ bytes, kind }: Attachment): number =>
  kind === "text" ? Math.min(bytes, mostTextBytes) : 4 * Math.ceil(bytes / 3)

/** The files of one request. */
export interface FilePlan {
  /** The files of each message that go along. */
  readonly sent: ReadonlyMap<PromptMessage, ReadonlyArray<Attachment>>
}

/** A file of the current message does not fit. `reason` names it for operators, without its name. */
export interface NoRoom {
  readonly reason: string
}

const shortage = (
  rules: AttachmentRules,
  used: { readonly bytes: number; readonly files: number },
  file: Attachment,
): string | undefined => {
  if (!rules.kinds.includes(file.kind)) return `takes no ${file.kind}`
  if (!takesType(rules, file)) return `takes no ${file.mediaType}`
  if (rules.as === "links") return undefined
  const size = sizeOf(file)
  if (file.kind === "image" && size > rules.mostImageBytes) return `an image of ${size} bytes`
  if (used.bytes + size > rules.mostBytes) return `files of ${used.bytes + size} bytes`
  return file.kind !== "text" && used.files >= rules.mostFiles
    ? `more than ${rules.mostFiles} files`
    : undefined
}

/**
 * `current` ends the prompt; its `required` files are sent. `earlier`: the messages whose files the upstream does not
 * have yet, oldest first. A file that is also in a newer message is sent once.
 */
export const planOf = (
  rules: AttachmentRules,
  current: PromptMessage,
  required: ReadonlyArray<Attachment>,
  earlier: ReadonlyArray<PromptMessage>,
): FilePlan | NoRoom => {
  const sent = new Map<PromptMessage, ReadonlyArray<Attachment>>()
  const taken = new Set<FileId>()
  const used = { bytes: 0, files: 0 }
  const needed = new Set(required.map(({ fileId }) => fileId))
  let full = false
  const take = (file: Attachment): string | undefined => {
    const reason = shortage(rules, used, file)
    if (reason !== undefined) return reason
    taken.add(file.fileId)
    used.bytes += sizeOf(file)
    if (file.kind !== "text") used.files += 1
    return undefined
  }
  const own: Array<Attachment> = []
  for (const file of required) {
    const reason = take(file)
    if (reason !== undefined) return { reason }
    own.push(file)
  }
  /** One that does not fit ends the choice, so that the oldest files are left out first. */
  const takeOptional = (file: Attachment): boolean => {
    if (full || taken.has(file.fileId) || !takesType(rules, file)) return false
    full = take(file) !== undefined
    return !full
  }
  const others = (current.attachments ?? []).filter(({ fileId }) => !needed.has(fileId))
  sent.set(current, [...others.filter(takeOptional), ...own])
  for (const message of earlier.toReversed()) {
    const files = (message.attachments ?? []).filter(takeOptional)
    if (files.length > 0) sent.set(message, files)
  }
  return { sent }
}

/** The message with the files that go along, and marks for the others. */
export const fitted = <M extends PromptMessage>(message: M, sent: ReadonlyArray<Attachment>): M => {
  const { attachments = [], content } = message
  if (attachments.length === sent.length) return message
  const ids = new Set(sent.map(({ fileId }) => fileId))
  const left = attachments.filter(({ fileId }) => !ids.has(fileId))
  return { ...message, content: withMarks(content, left), attachments: sent }
}

/** The loaded files of a message, in order. */
export const filesOf = (
  files: LoadedFiles | undefined,
  { attachments = [] }: Pick<PromptMessage, "attachments">,
): ReadonlyArray<LoadedFile> => attachments.flatMap(({ fileId }) => files?.get(fileId) ?? [])
