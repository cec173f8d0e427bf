/** The branches of a session as the API shows them. */
import * as Schema from "effect/Schema"
import { MessageId } from "../domain/Ids.ts"

export const siblings = Schema.Array(MessageId).annotate({
  description:
    "The versions of this question, or the answers to the same question, oldest first. The message itself is one of them.",
})

/** The parameter of the session's route. */
export const leaf = Schema.optionalKey(
  Schema.Union([Schema.Literal("latest"), MessageId]).annotate({
    description:
      "Only the path from the first message to this one, each message with its `siblings`. `latest`: the path to the last message.",
  }),
)
