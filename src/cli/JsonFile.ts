/** Reads a JSON file that was written by hand, and reports every invalid field. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { reasonOf } from "../domain/Reason.ts"

const problemLines = (
  problems: ReadonlyArray<{ readonly field: string; readonly message: string }>,
): string => problems.map(({ field, message }) => `  ${field}: ${message}`).join("\n")

export class FileInvalid extends Schema.TaggedError<FileInvalid>()("FileInvalid", {
  file: Schema.String,
  problems: Schema.Array(Schema.Struct({ field: Schema.String, message: Schema.String })),
}) {
  override get message(): string {
    return `Cannot use ${this.file}:\n${problemLines(this.problems)}`
  }
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === "object" ? part.key : part)

const problemsOf = (issue: SchemaIssue.Issue) =>
  format(issue).issues.map(({ message, path = [] }) => ({
    field: path.length === 0 ? "the file" : path.map(segment).join("."),
    message,
  }))

/** The message for values that were given on the command line. */
export const problemText = (issue: SchemaIssue.Issue): string =>
  `Not allowed:\n${problemLines(problemsOf(issue))}`

/** An unknown field is an error too. */
export const read = Effect.fnUntraced(function* <A, I>(file: string, schema: Schema.Codec<A, I>) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files
    .readFileString(file)
    .pipe(
      Effect.mapError(
        (error) => new FileInvalid({ file, problems: [{ field: "the file", message: reasonOf(error) }] }),
      ),
    )
  return yield* Schema.decodeEffect(Schema.fromJsonString(schema))(text, {
    errors: "all",
    onExcessProperty: "error",
  }).pipe(Effect.mapError(({ issue }) => new FileInvalid({ file, problems: problemsOf(issue) })))
})
