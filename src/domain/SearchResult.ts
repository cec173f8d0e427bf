/** A session that the search found, with the text to show. */
import * as Schema from "effect/Schema"
import { MessageId, AgentId, SessionId } from "./Ids.ts"

const snippet = {
  text: Schema.String,
  /** Positions in `text`, in UTF-16 code units, `end` exclusive: as `String.slice` of JavaScript takes them. */
  matches: Schema.Array(Schema.Struct({ start: Schema.Int, end: Schema.Int })),
}

export const FoundMessage = Schema.Struct({
  messageId: MessageId,
  role: Schema.Literals(["user", "assistant"]),
  createdAt: Schema.Int,
  ...snippet,
}).annotate({ identifier: "FoundMessage" })
export type FoundMessage = typeof FoundMessage.Type

export const SearchResult = Schema.Struct({
  sessionId: SessionId,
  agentId: AgentId,
  archived: Schema.Boolean,
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
  title: Schema.Struct(snippet),
  /** The newest messages with all words. Empty if only the title has them. */
  messages: Schema.Array(FoundMessage),
}).annotate({ identifier: "SearchResult" })
export type SearchResult = typeof SearchResult.Type
