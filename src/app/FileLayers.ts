/** Uploaded files: their contents on the disk, and their links. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as NodePath from "node:path"
import type { Settings } from "../config/Config.ts"
import * as FileContentsDisk from "../files/FileContentsDisk.ts"
import { FileLinks } from "../files/FileLinks.ts"
import { SigningSecret } from "../http/SigningSecret.ts"

const links = Layer.unwrap(
  Effect.map(SigningSecret, ({ secret }) => FileLinks.layer({ secret, previousSecrets: [], publicUrl: "" })),
)

export const layer = (settings: Settings) =>
  Layer.merge(FileContentsDisk.layer(NodePath.resolve(settings.DATA_DIR, "files")), links)
