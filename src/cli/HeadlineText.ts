/** The first line of `crossfade watch`, in the words of the console. */
import { durationText } from "../domain/Duration.ts"
import {
  filled,
  type Headline,
  headlineOf,
  headlineTexts,
  type Line,
  type Situation,
} from "../domain/Headline.ts"

/** With the day if it is not today. */
const clock = ({ now, time }: { readonly time: number; readonly now: number }): string => {
  const at = new Date(time)
  const isToday = at.toDateString() === new Date(now).toDateString()
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })
  return `${isToday ? "" : `${day} `}${at.toTimeString().slice(0, 5)}`
}

const sentence = ({ text, values }: Line): string =>
  filled(headlineTexts[text], values, (value) => {
    if ("time" in value) return clock(value)
    if ("ms" in value) return durationText(value.ms)
    if ("share" in value) return `${Math.round(value.share * 1000) / 10} %`
    return value.turns === null
      ? headlineTexts.allTurns
      : filled(headlineTexts.turnsOf, { org: value.turns }, String)
  })

/** The main sentence and its notes. */
export const headlineText = (
  situation: Situation,
): { readonly tone: Headline["tone"]; readonly text: string } => {
  const { main, notes, tone } = headlineOf(situation)
  return { tone, text: [main, ...notes].map(sentence).join(" ") }
}

/** Breaks a text between words, into at most `most` lines. */
export const wrapped = (text: string, columns: number, most: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last !== undefined && (longer.length <= columns || lines.length === most))
      lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
