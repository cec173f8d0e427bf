/** The start of a message's content, so that neither the index nor a search reads a huge answer whole. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as SqlClient from "effect/sql/SqlClient"
import { longestText } from "../domain/SearchWords.ts"

/** The content is JSON, and most escapes take two characters. */
const longestJson = 2 * longestText

export const contentStart = (sql: SqlClient.SqlClient, column = "content") =>
  sql`substr(${sql(column)}, 1, ${longestJson})`

/** Not a schema, which would start a fiber for each message. */
const decodeJson = (json: string): Option.Option<string> => {
  try {
    // oxlint-disable-next-line no-restricted-properties -- see above, and the type is checked below
    const value: unknown = JSON.parse(json)
    return typeof value === "string" ? Option.some(value) : Option.none()
  } catch {
    return Option.none()
  }
}

/** The text of a JSON string that may be cut anywhere, even within an escape. */
export const textOfStart = (json: string): Option.Option<string> => {
  if (json.length < longestJson) return decodeJson(json)
  const [whole] = /^"(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*/.exec(json) ?? []
  return whole === undefined ? Option.none() : decodeJson(`${whole}"`)
}

export const StartOfText = Schema.String.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect((json: string) =>
      Effect.fromOption(
        textOfStart(json),
        () => new SchemaIssue.InvalidValue({ message: "Expected the start of a JSON string" }, json),
      ),
    ),
    encode: SchemaGetter.transform((text: string) => JSON.stringify(text)),
  }),
)
