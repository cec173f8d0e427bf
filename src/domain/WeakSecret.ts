/** Signing secrets that can be guessed although they are long enough. Pure. */

/** Words of placeholders, which are known to all. */
const placeholders = ["changeme", "replaceme", "letmein", "256bit", "password", "passw0rd", "qwerty"]
/** Words of careless choices. A passphrase may hold one, if enough is left beside them. */
const fillers = ["secret", "example", "crossfade", "0123456789", "1234567890", "abcdefghij"]
const fewestOthers = 16

/** Random 32 digits have about ten different ones, random hexadecimal digits about fourteen. */
const fewestDifferent = 8

/** The text is one piece over and over, the last time perhaps not whole. */
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
