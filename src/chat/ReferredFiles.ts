/** The files of a foreign client's message: finds the uploaded ones, and stores those that the request contains. */
import * as Effect from "effect/Effect"
import type { Attachment } from "../domain/Attachment.ts"
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

export const make = Effect.map(MessageFiles, (messageFiles) => {
  /** A turn that waits for its session is tried several times, and stores its files once. */
  const known = new WeakMap<ReadonlyArray<ReferredFile>, ReadonlyArray<Attachment>>()
  return (principal: Principal, files: ReadonlyArray<ReferredFile>, sessionId?: SessionId) => {
    const found = known.get(files)
    if (found !== undefined) return Effect.succeed(found)
    const inputs = files.map(({ input }) => input)
    return messageFiles.of(principal, inputs, sessionId).pipe(
      Effect.tap((attachments) => Effect.sync(() => known.set(files, attachments))),
      Effect.catchTag("AttachmentsInvalid", (invalid) => Effect.fail(placed(files)(invalid))),
    )
  }
})
