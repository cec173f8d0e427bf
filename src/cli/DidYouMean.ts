/** The correction of a misspelt name, for the end of an error. Pure. */
import { nearestName } from "../domain/NearestName.ts"

/** Names in a message; more would hide it. */
const mostListed = 20

/** "Did you mean …?", or the known names if none is near. */
export const didYouMean = (name: string, known: ReadonlyArray<string>): string => {
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return `Did you mean ${nearest}?`
  return known.length === 0 ? "None exists yet." : `Known: ${known.slice(0, mostListed).join(", ")}.`
}
