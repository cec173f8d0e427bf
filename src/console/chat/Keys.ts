/** The meanings of keys in a message field. Pure. */

interface Key {
  readonly key: string
  readonly shiftKey: boolean
  readonly isComposing: boolean
  readonly keyCode: number
}

/** Safari ends a composition before the key event of its Enter, which then has this code. */
const composingCode = 229

/** Enter sends. While an input method composes text, Enter chooses a character. */
export const isSendKey = ({ isComposing, key, keyCode, shiftKey }: Key): boolean =>
  key === "Enter" && !shiftKey && !isComposing && keyCode !== composingCode
