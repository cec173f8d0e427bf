/**
 * The output of commands: the result on standard output, as text for people or one JSON document for programs, and
 * everything else on standard error.
 */
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { printable } from "./Columns.ts"
import { withIsoTimes } from "./Times.ts"

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON document, with times in ISO 8601"),
  Flag.withDefault(false),
)

/** JSON escapes most control characters itself. A terminal would run the others. */
export const jsonText = (data: unknown, space?: number): string =>
  JSON.stringify(data, null, space).replaceAll(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )

export const asJson = (data: unknown): string => jsonText(withIsoTimes(data))

/** A message for people. Others may have written a part of it. */
export const say = (text: string): Effect.Effect<void> => Console.error(printable(text))

/** `lines` gets the present time, because people read times relative to it. */
export const print = (
  json: boolean,
  data: unknown,
  lines: (now: number) => ReadonlyArray<string>,
): Effect.Effect<void> =>
  json
    ? Console.log(jsonText(withIsoTimes(data), 2))
    : Effect.flatMap(Clock.currentTimeMillis, (now) => Console.log(printable(lines(now).join("\n"))))

/** Node checks the terminal, `NO_COLOR` and `FORCE_COLOR`. */
export const isColoured = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()

/** A reader such as `head` may leave early: that is no failure, and the rest is not needed. */
export const endWithReader = Effect.sync(() => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0)
    throw error
  })
})
