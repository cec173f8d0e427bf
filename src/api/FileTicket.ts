/** A signed link to one file, for readers that cannot send a token. */
import * as Schema from "effect/Schema"

export const FileTicket = Schema.Struct({
  ticket: Schema.String,
  /** Epoch milliseconds. */
  expiresAt: Schema.Finite,
  url: Schema.String,
})

/** The query of a route that accepts one. */
export const fileTicketQuery = {
  ticket: Schema.optionalKey(Schema.String.annotate({ description: "A file ticket, instead of a token." })),
}
