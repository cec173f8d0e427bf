/** Signing secrets that can be guessed although they are long enough. Pure. */

/** Words of examples and of careless choices. By chance none of them is in a random secret of 64 characters. */
const words = [
  "secret",
  "password",
  "passw0rd",
  "changeme",
  "replaceme",
  "letmein",
  "example",
  "qwerty",
  "crossfade",
  "0123456789",
  "1234567890",
  "abcdefghij",
]

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
  return (
    new Set(secret).size < fewestDifferent ||
    isRepetition(secret) ||
    words.some((word) => plain.includes(word))
  )
}
