/** Tokens as the index has them: each starts with the owner, so that no search reads entries of another user. Pure. */
import { hash } from "node:crypto"
import type { OrgId, UserId } from "../domain/Ids.ts"
import type { SearchQuery } from "../domain/SearchQuery.ts"
import { tokensOf } from "../domain/SearchWords.ts"

export interface Owner {
  readonly orgId: OrgId
  readonly userId: UserId
}

const ownerLength = 7

/**
 * 32 bits in seven characters. Two users may share them; the search then reads some entries in vain, because it also
 * compares the owner of each session.
 */
const ownerToken = ({ orgId, userId }: Owner): string =>
  Number.parseInt(hash("sha256", JSON.stringify([orgId, userId]), "hex").slice(0, 8), 16)
    .toString(36)
    .padStart(ownerLength, "0")

/** Separated by spaces, which no token has. PostgreSQL takes four bytes more for each. */
export const indexText = (owner: Owner, text: string): string => {
  const prefix = ownerToken(owner)
  return Array.from(tokensOf(text, ownerLength + 4), (token) => prefix + token).join(" ")
}

const fts5Text = (token: string): string => `"${token.replaceAll('"', '""')}"`

/** A query of FTS5: https://www.sqlite.org/fts5.html#full_text_query_syntax */
export const fts5Query = (owner: Owner, { exact, prefixes }: SearchQuery): string => {
  const prefix = ownerToken(owner)
  return [
    ...exact.map((token) => fts5Text(prefix + token)),
    ...prefixes.map((token) => `${fts5Text(prefix + token)} *`),
  ].join(" AND ")
}

const lexeme = (token: string): string => `'${token.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/** A `tsquery`: https://www.postgresql.org/docs/current/datatype-textsearch.html */
export const tsquery = (owner: Owner, { exact, prefixes }: SearchQuery): string => {
  const prefix = ownerToken(owner)
  return [
    ...exact.map((token) => lexeme(prefix + token)),
    ...prefixes.map((token) => `${lexeme(prefix + token)}:*`),
  ].join(" & ")
}
