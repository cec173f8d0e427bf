/** Finds the known name that a misspelt name most probably means. Pure. */

/**
 * Edits that turn one text into the other: an inserted, removed or replaced character, or two neighbours swapped
 * (the optimal string alignment distance).
 */
const distance = (from: string, to: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const edits = [current[column - 1]! + 1, last[column]! + 1, last[column - 1]! + (isSame ? 0 : 1)]
      current.push(Math.min(...edits, ...(isSwapped ? [beforeLast[column - 2]! + 1] : [])))
    }
    beforeLast = last
    last = current
  }
  return last[to.length]!
}

/** Short names allow few edits; otherwise any two of them would be near. */
const mostEdits = (length: number): number => Math.min(4, Math.max(1, Math.floor(length / 3)))

/** The nearest of `known`, ignoring case. Undefined if none is near; of equally near names the first. */
export const nearestName = (name: string, known: Iterable<string>): string | undefined => {
  const folded = name.toLowerCase()
  let nearest: string | undefined
  let least = mostEdits(name.length) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = distance(folded, candidate.toLowerCase())
    if (edits >= least) continue
    nearest = candidate
    least = edits
  }
  return nearest
}
