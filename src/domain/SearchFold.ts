/**
 * The folded form of a word: equal for spellings that a search treats as the same. Compatibility forms, case, accents
 * and vowel points do not count. Signs that carry meaning stay, such as the vowels of Hindi and Thai. Pure.
 */

/** Letters that Unicode does not decompose, or that writers exchange (as in Lucene's ArabicNormalizer). */
const letters: Readonly<Record<string, string>> = {
  æ: "ae",
  ø: "o",
  œ: "oe",
  đ: "d",
  ð: "d",
  ł: "l",
  þ: "th",
  ς: "σ",
  ٱ: "ا",
  ى: "ي",
  ی: "ي",
  ک: "ك",
  ة: "ه",
}
const exchanged = new RegExp(`[${Object.keys(letters).join("")}]`, "gu")

/** Arabic-Indic, Persian and Devanagari digits. */
const zeros = [0x0660, 0x06f0, 0x0966]
const digit = (text: string): string => {
  const code = text.charCodeAt(0)
  return String(code - (zeros.find((zero) => code >= zero && code < zero + 10) ?? code))
}

/** Hebrew and Arabic points, tatweel, the nukta of Hindi, variation selectors, joiners, soft hyphens, skin tones. */
const ignored =
  /[\u0591-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u093c\ufe00-\ufe0f\u00ad]|\p{Emoji_Modifier}|(?<!\p{Emoji}\p{Emoji_Modifier}?\ufe0f?)[\u200c\u200d]/gu

/** Letters without case, marks or other forms: Latin, Cyrillic, Hebrew, Devanagari, Thai, kana, ideographs, Hangul. */
const settled =
  /^[a-z0-9а-я\u05d0-\u05ea\u0904-\u0939\u093d-\u094d\u0e01-\u0e32\u0e34-\u0e3a\u0e40-\u0e4e\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff\uac00-\ud7a3]*$/

export const fold = (word: string): string =>
  settled.test(word)
    ? word
    : word
        .normalize("NFKD")
        .replaceAll(ignored, "")
        // Cyrillic keeps й; only ё and marks of stress are optional.
        .replaceAll(/([\p{Script=Latin}\p{Script=Greek}])[\u0300-\u036f]+/gu, "$1")
        .replaceAll(/([еЕ])\u0308|([аеиоуыэюяАЕИОУЫЭЮЯ])[\u0300\u0301]/gu, "$1$2")
        // The detour over upper case is the full case folding: ß is ss, and the Turkish ı is i.
        .toUpperCase()
        .toLowerCase()
        .normalize("NFC")
        // A form such as "(1)" for ⑴ has characters that separate tokens in an index.
        .replaceAll(/[\x00-\x2f\x3a-\x60\x7b-\x7f]/g, "")
        .replaceAll(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/gu, digit)
        .replaceAll(exchanged, (letter) => letters[letter] ?? letter)
