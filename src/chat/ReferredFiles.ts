/** The files of a foreign client's message: finds the uploaded ones, and stores those that the request contains. */
import * as Effect from "effect/Effect"
import type { SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import { type AttachmentsInvalid, MessageFiles } from "../files/MessageFiles.ts"
import type { ReferredFile } from "../protocol/FileReference.ts"
import { HistoryInvalid } from "./ClientHistory.ts"

/** `path` of a problem starts with the position of its file, or is empty for all of them. */
const placed = (files: ReadonlyArray<ReferredFile>) => (invalid: AttachmentsInvalid) =>
  new HistoryInvalid({
    problems: invalid.problems.map(({ message, path }) => ({
      path: (files[Number.parseInt(path, 10)] ?? files[0])?.path ?? "messages",
      message,
    })),
  })

export const make = Effect.map(
  MessageFiles,
  (messageFiles) => (principal: Principal, files: ReadonlyArray<ReferredFile>, sessionId?: SessionId) =>
    messageFiles
      .of(
        principal,
        files.map(({ input }) => input),
        sessionId,
      )
      .pipe(Effect.catchTag("AttachmentsInvalid", (invalid) => Effect.fail(placed(files)(invalid)))),
)
