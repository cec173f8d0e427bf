/**
 * Writes log lines to stdout without delaying a turn. A line is dropped and counted if it cannot be written (reader
 * gone, disk full) or would wait behind too many others (slow reader). Each line is a new try, so output resumes by
 * itself.
 */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { logLineDropped } from "./Measure.ts"

/** Bytes that may wait for a slow reader: thousands of lines. Node itself would buffer all of them. */
const mostWaiting = 1024 * 1024

/** Without a listener, Node ends the process on a failed write. */
export const surviveBrokenOutput = Effect.sync(() => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
})

export const toStdout = (line: Logger.Logger<unknown, string>): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    const { context } = options.fiber
    if (process.stdout.writableLength > mostWaiting) return logLineDropped(context)
    process.stdout.write(`${line.log(options)}\n`, (error) => {
      if (error) logLineDropped(context)
    })
  })
