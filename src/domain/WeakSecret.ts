/** Recognises signing secrets that are long enough but easy to guess. Pure. */

/** Well-known words of placeholders. */
const placeholders = ["changeme", "replaceme", "letmein", "256bit", "password", "passw0rd", "qwerty"]
/** Words of careless choices. A passphrase may contain one if it is long enough without it. */
const fillers = ["secret", "example", "crossfade", "0123456789", "1234567890", "abcdefghij"]
const fewestOthers = 16

/** Random 32 digits have about ten different ones, random hexadecimal digits about fourteen. */
const fewestDifferent = 8

/** True if the text repeats one piece; the last one may be partial. */
const isRepetition = (text: string): boolean => {
  for (let period = 1; period <= text.length / 2; period += 1)
    if (text.startsWith(text.slice(period))) return true
  return false
}

export const isWeakSecret = (secret: string): boolean => {
  const plain = secret.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "")
  const others = fillers.reduce((left, word) => left.replaceAll(word, ""), plain)
  return (
    new Set(secret).size < fewestDifferent ||
    isRepetition(secret) ||
    placeholders.some((word) => plain.includes(word)) ||
    others.length < Math.min(fewestOthers, plain.length)
  )
}
