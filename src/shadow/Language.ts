/**
 * Guesses the language of a text from its script and its most common words. Pure. It only has to show that two
 * answers are in different languages: a library that knows 180 languages would guess where this returns `unknown`,
 * and would guess wrong on short answers.
 */

/** Later text rarely changes the result, and code or quotations at the end could. */
const readCharacters = 2000
/** With fewer letters or words of evidence the result is `unknown`. */
const minLetters = 4
const minStopWords = 2

const scripts: ReadonlyArray<readonly [RegExp, string]> = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, "ja"],
  [/\p{Script=Hangul}/gu, "ko"],
  [/\p{Script=Han}/gu, "zh"],
  [/\p{Script=Cyrillic}/gu, "und-Cyrl"],
  [/\p{Script=Arabic}/gu, "und-Arab"],
  [/\p{Script=Devanagari}/gu, "und-Deva"],
  [/\p{Script=Hebrew}/gu, "he"],
  [/\p{Script=Greek}/gu, "el"],
  [/\p{Script=Thai}/gu, "th"],
  [/\p{Script=Latin}/gu, "und-Latn"],
]

/** Words that are frequent in one of these languages and rare or absent in the others. */
const stopWords: Readonly<Record<string, string>> = {
  en: "the and of is that it you for with this are was have from they what which would there",
  de: "der die und das ist nicht ein eine zu den mit sich auf für im dem auch wird sind oder",
  fr: "le les et des est une dans que vous pour qui sur pas avec ce sont votre nous cette du",
  es: "el los y del que se las por una con para está como más pero su este muy hay también",
  it: "il di che è per un non sono della una con gli anche più questo nel alla si ha come",
  pt: "o os e do da que não uma com para em você mais como está são ao isso foi seu",
  nl: "het een van en dat niet zijn voor met je op aan ook als maar bij wordt naar deze deze",
  pl: "i w nie się na jest że do jak to przez dla czy są tego może od oraz który po",
  sv: "och att det är som för på inte en med jag till har av om den så kan från du",
  tr: "ve bir bu için ile de da çok olarak daha ne gibi var değil olan kadar sonra ama en her",
}
const wordsOf = Object.entries(stopWords).map(([tag, words]) => [tag, new Set(words.split(" "))] as const)

const latin = (text: string): string => {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
  const counts = wordsOf.map(([tag, set]) => [tag, words.filter((word) => set.has(word)).length] as const)
  const [first, second] = counts.toSorted(([, a], [, b]) => b - a)
  const clear = first !== undefined && first[1] >= minStopWords && first[1] > (second?.[1] ?? 0)
  return clear ? first[0] : "und-Latn"
}

/** An ISO 639 code, `und-<script>` if only the script is clear, else `unknown`. */
export const languageOf = (text: string): string => {
  const head = text.slice(0, readCharacters)
  const counts = scripts.map(([letters, tag]) => [tag, head.match(letters)?.length ?? 0] as const)
  // Japanese uses Chinese characters too; a few kana decide.
  const kana = counts[0]?.[1] ?? 0
  const tags = counts.map(([tag, count]) =>
    tag === "zh" && kana > 0 ? (["ja", count + kana] as const) : ([tag, count] as const),
  )
  const [tag, count] = tags.reduce((best, next) => (next[1] > best[1] ? next : best), ["unknown", 0])
  if (count < minLetters) return "unknown"
  return tag === "und-Latn" ? latin(head) : tag
}

/** True if two answers are in the same language; undefined if that is unclear. */
export const sameLanguage = (a: string, b: string): boolean | undefined => {
  if (a === "unknown" || b === "unknown") return undefined
  if (a === b) return a.startsWith("und-") ? undefined : true
  const latinUnclear = a === "und-Latn" || b === "und-Latn"
  const bothLatin = [a, b].every((tag) => tag === "und-Latn" || tag in stopWords)
  return latinUnclear && bothLatin ? undefined : false
}
