/** The files of a message that starts a turn. */
import * as Effect from "effect/Effect"
import { CurrentPrincipal } from "../api/Authorization.ts"
import type { GivenFiles } from "../api/MessageParts.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { SessionId } from "../domain/Ids.ts"
import { AttachmentsInvalid, MessageFiles } from "../files/MessageFiles.ts"
import type { FileOwner } from "../store/Files.ts"

type Found = ReturnType<MessageFiles["Service"]["of"]>

const none: Found = Effect.succeed<ReadonlyArray<Attachment>>([])

/** Makes two requests with different files different ones. Requests without files stay as they were. */
export const asked = ({ inputs = [] }: GivenFiles): ReadonlyArray<string> =>
  inputs.length === 0 ? [] : [JSON.stringify(inputs)]

/** The path of a problem starts with the position of its file, or is empty for all of them. */
const placed =
  (places: ReadonlyArray<number>) =>
  ({ problems }: AttachmentsInvalid) =>
    new AttachmentsInvalid({
      field: "parts",
      problems: problems.map(({ message, path }) => ({
        path: path.replace(/^\d+/, (position) => String(places[Number(position)])),
        message,
      })),
    })

/** Finds or stores the files of a request. */
export const found = (
  files: MessageFiles["Service"],
  owner: FileOwner,
  { inputs = [], places }: GivenFiles,
  sessionId?: SessionId,
): Found => {
  const attachments = files.of(owner, inputs, sessionId)
  return places === undefined
    ? attachments
    : Effect.catchTag(attachments, "AttachmentsInvalid", (invalid) => Effect.fail(placed(places)(invalid)))
}

export const make = Effect.map(MessageFiles, (files) => ({
  /** Finds or stores the files at the first use, and only once: a turn that waits for its session is tried again. */
  once: (given: GivenFiles, sessionId?: SessionId): Effect.Effect<Found, never, CurrentPrincipal> =>
    (given.inputs ?? []).length === 0
      ? Effect.succeed(none)
      : Effect.flatMap(CurrentPrincipal, (principal) =>
          Effect.cached(found(files, principal, given, sessionId)),
        ),
}))
