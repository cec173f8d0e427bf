/** The public form of each error of uploaded files: part of `ErrorMapping`. */
import type { UploadRejected } from "../admission/Uploads.ts"
import type { ContentsUnavailable, FileTooLarge } from "../files/FileContents.ts"
import type { FileRefused, TooManyFiles } from "../files/FileIntake.ts"
import type { ScanUnavailable } from "../files/FileScanner.ts"
import type { AttachmentsInvalid } from "../files/MessageFiles.ts"
import * as MediaTypes from "../files/MediaTypes.ts"
import type { Problem, PublicError } from "../protocol/PublicError.ts"
import type { AttachmentGone, FileNotFound } from "../store/Files.ts"
import type { UploadTooSlow, UploadUnreadable } from "./UploadBody.ts"

export type FileError =
  | AttachmentGone
  | AttachmentsInvalid
  | ContentsUnavailable
  | FileNotFound
  | FileRefused
  | FileTooLarge
  | ScanUnavailable
  | TooManyFiles
  | UploadRejected
  | UploadTooSlow
  | UploadUnreadable

type Invalid = (problems: ReadonlyArray<Problem>) => PublicError

const rejections = {
  user_rate: { code: "RATE_LIMIT_USER", message: "You have uploaded too often in the last minute." },
  org_rate: {
    code: "RATE_LIMIT_ORG",
    message: "Your organisation has uploaded too often in the last minute.",
  },
  user_open: { code: "RATE_LIMIT_USER", message: "You are uploading too many files at once." },
  open: { code: "OVERLOADED", message: "Too many files are being uploaded." },
} as const satisfies Record<UploadRejected["reason"], PublicError>

export const fileErrors = (invalid: Invalid) => ({
  AttachmentGone: () =>
    invalid([
      {
        path: "payload.attachments",
        message: "Expected files that are not deleted: send `attachments` without them",
      },
    ]),
  AttachmentsInvalid: ({ field, problems }: AttachmentsInvalid) =>
    invalid(
      problems.map(({ message, path }) => ({
        path: ["payload", field ?? "attachments", path].filter((part) => part !== "").join("."),
        message,
      })),
    ),
  ContentsUnavailable: (): PublicError => ({
    code: "OVERLOADED",
    message: "Files cannot be stored now. Nothing was stored.",
    retryAfter: 5,
  }),
  FileNotFound: (): PublicError => ({
    code: "FILE_NOT_FOUND",
    message: "There is no such file, or it is gone.",
  }),
  FileRefused: ({ filename, found }: FileRefused): PublicError => ({
    code: "FILE_REFUSED",
    message: `${filename} is not accepted. Found: ${found}. Allowed: ${MediaTypes.allowed}.`,
  }),
  FileTooLarge: ({ limit }: FileTooLarge): PublicError => ({
    code: "PAYLOAD_TOO_LARGE",
    message: `A file has more than ${limit} bytes. Nothing was stored.`,
  }),
  ScanUnavailable: (): PublicError => ({
    code: "OVERLOADED",
    message: "Files cannot be scanned now. Nothing was stored.",
    retryAfter: 5,
  }),
  TooManyFiles: ({ limit }: TooManyFiles) =>
    invalid([{ path: "payload", message: `Expected at most ${limit} files` }]),
  UploadRejected: ({ reason, retryAfter }: UploadRejected): PublicError => ({
    ...rejections[reason],
    retryAfter,
  }),
  UploadTooSlow: ({ limit }: UploadTooSlow): PublicError => ({
    code: "REQUEST_TIMEOUT",
    message: `The upload sent nothing for too long, or did not end in time (${limit} s). Nothing was stored.`,
  }),
  UploadUnreadable: ({ reason }: UploadUnreadable) => invalid([{ path: "payload", message: reason }]),
})
