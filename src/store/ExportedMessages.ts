/** Port: the messages of a session for an export, with their parts, attachments and feedback. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ExportedMessage } from "../domain/ExportedMessage.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

export class ExportedMessages extends Context.Service<
  ExportedMessages,
  {
    /** Oldest first, about 64 KiB a page; `after` is the position of the last page's end. The caller has checked the owner. */
    readonly page: (id: SessionId, after: number) => Effect.Effect<Page<ExportedMessage, number>, StoreError>
  }
>()("crossfade/store/ExportedMessages") {}
