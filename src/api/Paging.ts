/**
 * Paging of lists: `cursor` and `limit` in the query, `nextCursor` and `hasMore` in the answer. A cursor is opaque to
 * clients. It contains the name of its list and a position, so another list refuses it.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Page } from "../domain/Page.ts"

type Key = Schema.Codec<string | number | ReadonlyArray<string | number>>

const cursorOf = <K extends Key>(list: string, key: K) => {
  const position = Schema.StringFromBase64Url.pipe(
    Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([Schema.Literal(list), key]))),
  )
  const decode = Schema.decodeUnknownOption(position)
  const encode = Schema.encodeUnknownEffect(position)
  const refused = (text: string) =>
    new SchemaIssue.InvalidValue({ message: "Expected the nextCursor of a page of this list" }, text)
  return Schema.String.pipe(
    Schema.decodeTo(Schema.toType(key), {
      decode: SchemaGetter.transformEffect((text: string) =>
        Option.match(decode(text), {
          onNone: () => Effect.fail(refused(text)),
          onSome: ([, found]) => Effect.succeed(found),
        }),
      ),
      encode: SchemaGetter.transformEffect((found: K["Type"]) =>
        Effect.mapError(encode([list, found]), ({ issue }) => issue),
      ),
    }),
  )
}

/** A whole number in a query. */
export const wholeNumber = (minimum: number, maximum: number) => {
  const message = `Expected a whole number from ${minimum} to ${maximum}`
  return Schema.String.check(Schema.isPattern(/^\d{1,15}$/, { message }).abort()).pipe(
    Schema.decodeTo(Schema.Int.check(Schema.isBetween({ minimum, maximum }, { message })), {
      decode: SchemaGetter.transform((text: string) => Number(text)),
      encode: SchemaGetter.transform((value: number) => String(value)),
    }),
  )
}

/** `list` names the list in its cursors. A page has at most `most` entries. */
export const pagedBy = <K extends Key>(list: string, key: K, most: number) => {
  const cursor = cursorOf(list, key)
  return {
    cursor,
    query: {
      cursor: Schema.optionalKey(cursor),
      limit: Schema.optionalKey(wholeNumber(1, most)),
    },
    /** The fields beside the entries. `nextCursor` is null on the last page. */
    answer: { nextCursor: Schema.NullOr(cursor), hasMore: Schema.Boolean },
  }
}

export const pageEnd = <K>({ next }: Pick<Page<unknown, K>, "next">) => ({
  nextCursor: next,
  hasMore: next !== null,
})

/** The requested page of a newest-first list. */
export const pageOf = <K>(
  { cursor, limit }: { readonly cursor?: K; readonly limit?: number },
  defaultLimit: number,
): { readonly before?: K; readonly limit: number } => ({
  limit: limit ?? defaultLimit,
  ...(cursor === undefined ? {} : { before: cursor }),
})
