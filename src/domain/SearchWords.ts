/**
 * The words of a text for the search, by the rules of Unicode. A database never splits a text: both get the tokens of
 * this file, so that they find the same. Pure.
 *
 * Scripts without spaces (Chinese, Japanese, Thai, …) and Korean, whose words have endings, are read character by
 * character and indexed as overlapping pairs. No dictionary is needed, and an update of one never makes an index stale.
 */
import { fold } from "./SearchFold.ts"

/** A word, an emoji, or a character of a script without spaces. Positions are in UTF-16 code units. */
export interface Word {
  /** The whole word first, then its parts and other spellings, all folded. */
  readonly forms: readonly [string, ...ReadonlyArray<string>]
  readonly start: number
  readonly end: number
  readonly isCharacter: boolean
  /** True for a character that directly follows another one. */
  readonly isAttached: boolean
}

/** A message of a user has at most as many. The search does not see the rest of a longer answer. */
export const longestText = 100_000
/** Of a form, in UTF-16 code units. Longer words are data, such as Base64. */
const longestForm = 64
/** The parts of a longer word have no form of their own. */
const mostParts = 16

const unspaced =
  "[[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}\\p{scx=Tibt}]&&[\\p{L}\\p{M}\\p{N}]]"
const letter = `[[\\p{L}\\p{M}\\p{N}\\u200c\\u200d\\u00ad]--${unspaced}]`
/** Joins the parts of one word: `snake_case`, `e-mail`, `don't`. */
const joint = "(?:_+|['’‐‑\\-])"
const scan = new RegExp(
  `${letter}+(?:${joint}${letter}+)*|(${unspaced}[ﾞﾟ]?)|(\\p{RGI_Emoji}|\\p{Extended_Pictographic}\\ufe0f?)`,
  "gv",
)
const joints = new RegExp(joint, "gu")
const humps = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u
const umlauts: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", Ä: "Ae", Ö: "Oe", Ü: "Ue" }

/** Never ends in half a surrogate pair. */
const cut = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")

const plain = /^(?:[a-z0-9]+|[A-Z]+|[A-Z][a-z0-9]+)$/

const formsOf = (raw: string): ReadonlyArray<string> => {
  if (raw.length <= longestForm && plain.test(raw)) return [raw.toLowerCase()]
  const whole = cut(raw, 4 * longestForm)
  const pieces = whole.split(joints)
  const parts = pieces.flatMap((piece) => piece.split(humps))
  const spellings = [pieces.join("")]
  if (/[äöüÄÖÜ]/.test(whole))
    spellings.push(pieces.join("").replaceAll(/[äöüÄÖÜ]/g, (vowel) => umlauts[vowel] ?? vowel))
  if (parts.length > 1) spellings.push(...parts.slice(0, mostParts))
  const forms = spellings.map((spelling) => cut(fold(spelling), longestForm))
  return [...new Set(forms)].filter((form) => form !== "")
}

/** The start of a text as the search reads it. Positions of words refer to this form. */
export const readable = (text: string): string => cut(text.normalize("NFC"), longestText)

/** `text` is `readable`. */
export function* wordsOf(text: string): Generator<Word> {
  let endOfCharacter = -1
  for (const { 0: raw, 1: character, 2: emoji, index: start } of text.matchAll(scan)) {
    const isCharacter = character !== undefined
    const [first, ...others] = isCharacter || emoji !== undefined ? [fold(raw)] : formsOf(raw)
    if (first === undefined || first === "") continue
    const end = start + raw.length
    yield {
      forms: [first, ...others],
      start,
      end,
      isCharacter,
      isAttached: isCharacter && start === endOfCharacter,
    }
    endOfCharacter = isCharacter ? end : -1
  }
}

/** PostgreSQL's `tsvector` has less than 1 MiB. A UTF-16 code unit takes at most 3 bytes. */
const mostBytes = 900_000

/**
 * The tokens of a text, each once. Characters become pairs, and the last one of a row also stands alone, so that each
 * character starts a token. `overhead`: bytes that the index adds to each.
 */
export const tokensOf = (text: string, overhead: number): ReadonlySet<string> => {
  const tokens = new Set<string>()
  let bytes = 0
  const add = (token: string): void => {
    if (tokens.has(token)) return
    bytes += 3 * token.length + overhead
    if (bytes <= mostBytes) tokens.add(token)
  }
  let last = ""
  for (const { forms, isAttached, isCharacter } of wordsOf(readable(text))) {
    if (last !== "") add(isAttached ? last + forms[0] : last)
    last = isCharacter ? forms[0] : ""
    if (!isCharacter) forms.forEach(add)
  }
  if (last !== "") add(last)
  return tokens
}
