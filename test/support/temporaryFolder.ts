/** A new folder, removed with its contents when the scope closes. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "crossfade-test-"))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true })),
)
