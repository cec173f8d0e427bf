/**
 * A query of a user: all its terms must be in a text. A term is a word, or several that follow one another: a quoted
 * phrase, a row of Chinese characters, an address. The last word may be unfinished. The quotation mark is the only
 * operator. Pure.
 */
import { readable, type Word, wordsOf } from "./SearchWords.ts"

export interface QueryWord {
  readonly form: string
  readonly isPrefix: boolean
  readonly isCharacter: boolean
  readonly isAttached: boolean
}

export type Term = readonly [QueryWord, ...ReadonlyArray<QueryWord>]

/** `exact` and `prefixes`: tokens of the index. Each text that matches the query has all of them. */
export interface SearchQuery {
  readonly terms: ReadonlyArray<Term>
  readonly exact: ReadonlyArray<string>
  readonly prefixes: ReadonlyArray<string>
  /** False if the index finds more than the query: it does not know the order of words. */
  readonly isSettledByIndex: boolean
}

/** More tokens do not make a search more precise, and each costs a lookup in the index. */
const mostTokens = 40

const quoted = /["“”„]([^"“”„]*)(["“”„]?)|[^\s"“”„]+/gu

const termOf = (text: string, isUnfinished: boolean): ReadonlyArray<QueryWord> => {
  const words = [...wordsOf(text)]
  return words.map(({ forms, isAttached, isCharacter }, index) => ({
    form: forms[0],
    isPrefix: !isCharacter && isUnfinished && index === words.length - 1,
    isCharacter,
    isAttached,
  }))
}

const isTerm = (words: ReadonlyArray<QueryWord>): words is Term => words.length > 0

/** A character alone is the start of a token (`tokensOf`). */
const tokensOfTerm = (term: Term): ReadonlyArray<{ readonly token: string; readonly isPrefix: boolean }> =>
  term.flatMap(({ form, isAttached, isCharacter, isPrefix }, index) => {
    if (!isCharacter) return [{ token: form, isPrefix }]
    if (isAttached) return [{ token: `${term[index - 1]?.form ?? ""}${form}`, isPrefix: false }]
    return term[index + 1]?.isAttached === true ? [] : [{ token: form, isPrefix: true }]
  })

/** Undefined if the text has no word, for example only punctuation. */
export const parseQuery = (text: string): SearchQuery | undefined => {
  const pieces = [...readable(text).matchAll(quoted)]
  const terms = pieces
    .map(({ 0: piece, 1: phrase, 2: close }, index) =>
      termOf(phrase ?? piece, index === pieces.length - 1 && (close ?? "") === ""),
    )
    .filter(isTerm)
  if (terms.length === 0) return undefined
  const tokens = terms.map(tokensOfTerm)
  const used = tokens.flat().slice(0, mostTokens)
  const of = (isPrefix: boolean) => [
    ...new Set(used.filter((one) => one.isPrefix === isPrefix).map((one) => one.token)),
  ]
  return {
    terms,
    exact: of(false),
    prefixes: of(true),
    isSettledByIndex: tokens.every((one) => one.length === 1) && tokens.length <= mostTokens,
  }
}

export const isSame = (query: QueryWord, word: Word): boolean =>
  query.isCharacter === word.isCharacter &&
  (!query.isAttached || word.isAttached) &&
  word.forms.some((form) => (query.isPrefix ? form.startsWith(query.form) : form === query.form))
