/** Uploaded files: their contents on the disk or in an object store, their links, and their intake. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as NodePath from "node:path"
import type { Settings } from "../config/Config.ts"
import * as FileContentsDisk from "../files/FileContentsDisk.ts"
import * as FileContentsS3 from "../files/FileContentsS3.ts"
import { FileIntake, type Settings as IntakeSettings } from "../files/FileIntake.ts"
import { FileLinks } from "../files/FileLinks.ts"
import { FileScanner } from "../files/FileScanner.ts"
import * as FileSweep from "../files/FileSweep.ts"
import { MessageFiles } from "../files/MessageFiles.ts"
import { SigningSecret } from "../http/SigningSecret.ts"

const mebibyte = 1024 * 1024

/** Files of one user that wait for a message. */
const pendingFiles = 100
/** Providers refuse larger requests. One file of any allowed size fits. */
const messageBytes = 50 * mebibyte

const intake = (settings: Settings): IntakeSettings => ({
  maxBytes: settings.FILES_MAX_BYTES,
  quotas: {
    pendingFiles,
    pendingBytes: settings.MAX_PENDING_FILES_MB_PER_USER * mebibyte,
    orgBytes: settings.MAX_FILES_MB_PER_ORG * mebibyte,
  },
})

/** Replicas that share a database on one machine can share the folder too. */
const contents = (settings: Settings) =>
  settings.FILES_S3_ENDPOINT === ""
    ? FileContentsDisk.layer(NodePath.resolve(settings.DATA_DIR, "files"))
    : FileContentsS3.layer({
        endpoint: settings.FILES_S3_ENDPOINT,
        region: settings.FILES_S3_REGION,
        bucket: settings.FILES_S3_BUCKET,
        accessKeyId: settings.FILES_S3_ACCESS_KEY_ID,
        secretAccessKey: settings.FILES_S3_SECRET_ACCESS_KEY ?? Redacted.make(""),
        pathStyle: settings.FILES_S3_PATH_STYLE === "true",
      })

const links = (settings: Settings) =>
  Layer.unwrap(
    Effect.map(SigningSecret, ({ secret }) =>
      FileLinks.layer({
        secret,
        previousSecrets: settings.AUTH_JWT_PREVIOUS_SECRETS,
        publicUrl: settings.PUBLIC_URL,
      }),
    ),
  )

const scanner = ({ FILES_SCAN_TIMEOUT_MS, FILES_SCAN_URL }: Settings) =>
  FILES_SCAN_URL === "" ? FileScanner.layerNone : FileScanner.layer(FILES_SCAN_URL, FILES_SCAN_TIMEOUT_MS)

export const layer = (settings: Settings) =>
  MessageFiles.layer(Math.max(messageBytes, settings.FILES_MAX_BYTES)).pipe(
    Layer.provideMerge(FileIntake.layer(intake(settings))),
    Layer.provide(scanner(settings)),
    Layer.merge(FileSweep.layer),
    Layer.provideMerge([contents(settings), links(settings)]),
  )
