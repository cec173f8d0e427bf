/** An estimate of the memory that the files of a request take. Pure. */
import type { PromptMessage } from "../../domain/History.ts"

/** No upstream takes more in one request, so the oldest files of a longer history are not read. */
const mostBytes = 50 * 1024 * 1024

/** The bytes themselves, their base64, and the JSON of the body with it. */
const copies = 1 + 4 / 3 + 4 / 3

export const heldFor = (history: ReadonlyArray<PromptMessage>): number => {
  const bytes = history.reduce(
    (sum, { attachments = [] }) => attachments.reduce((all, file) => all + file.bytes, sum),
    0,
  )
  return Math.ceil(copies * Math.min(bytes, mostBytes))
}
