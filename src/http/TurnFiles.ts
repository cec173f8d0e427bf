/** The files of a message that starts a turn. */
import * as Effect from "effect/Effect"
import { CurrentPrincipal } from "../api/Authorization.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { AttachmentInput } from "../domain/AttachmentInput.ts"
import type { SessionId } from "../domain/Ids.ts"
import { MessageFiles } from "../files/MessageFiles.ts"

type Found = ReturnType<MessageFiles["Service"]["of"]>

const none: Found = Effect.succeed<ReadonlyArray<Attachment>>([])

/** Makes two requests with different files different ones. Requests without files stay as they were. */
export const asked = (inputs: ReadonlyArray<AttachmentInput> = []): ReadonlyArray<string> =>
  inputs.length === 0 ? [] : [JSON.stringify(inputs)]

export const make = Effect.map(MessageFiles, (files) => ({
  /** Finds or stores the files at the first use, and only once: a turn that waits for its session is tried again. */
  once: (
    inputs: ReadonlyArray<AttachmentInput> = [],
    sessionId?: SessionId,
  ): Effect.Effect<Found, never, CurrentPrincipal> =>
    inputs.length === 0
      ? Effect.succeed(none)
      : Effect.flatMap(CurrentPrincipal, (principal) =>
          Effect.cached(files.of(principal, inputs, sessionId)),
        ),
}))
