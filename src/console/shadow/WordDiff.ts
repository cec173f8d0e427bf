/** The words that two texts share, in order, and those of one side only. Pure. */

export interface Piece {
  readonly text: string
  /** The other side has it too. */
  readonly shared: boolean
}

export interface WordDiff {
  readonly left: ReadonlyArray<Piece>
  readonly right: ReadonlyArray<Piece>
  /** True if a text was too long to compare whole: the rest then counts as different. */
  readonly cut: boolean
}

/** The comparison costs the product of the lengths. */
const mostWords = 1500

/** Words with the space after them. Han, Kana and Hangul texts have no spaces, so each of their characters is a word. */
const wordsOf = (text: string): ReadonlyArray<string> =>
  text.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]\s*|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+\s*|\s+/gu,
  ) ?? []

/** The length of the longest common subsequence of the words from each pair of places on. */
const lengthsOf = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) => {
  const width = b.length + 1
  const lengths = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
  return (i: number, j: number): number => lengths[i * width + j] ?? 0
}

const joined = (pieces: ReadonlyArray<Piece>): ReadonlyArray<Piece> =>
  pieces.reduce<Array<Piece>>((list, piece) => {
    const last = list.at(-1)
    if (last?.shared === piece.shared) list[list.length - 1] = { ...last, text: last.text + piece.text }
    else list.push(piece)
    return list
  }, [])

export const wordDiff = (leftText: string, rightText: string): WordDiff => {
  const [left, right] = [wordsOf(leftText), wordsOf(rightText)]
  const bare = (words: ReadonlyArray<string>) => words.slice(0, mostWords).map((word) => word.trim())
  const [a, b] = [bare(left), bare(right)]
  const lengthAt = lengthsOf(a, b)
  const sharedLeft = new Set<number>()
  const sharedRight = new Set<number>()
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      sharedLeft.add(i++)
      sharedRight.add(j++)
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i += 1
    else j += 1
  }
  const pieces = (words: ReadonlyArray<string>, shared: ReadonlySet<number>) =>
    joined(words.map((text, place) => ({ text, shared: shared.has(place) })))
  return {
    left: pieces(left, sharedLeft),
    right: pieces(right, sharedRight),
    cut: left.length > mostWords || right.length > mostWords,
  }
}
