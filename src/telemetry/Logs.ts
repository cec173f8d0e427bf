/**
 * One log line in three forms with the same content: JSON on stdout, text for people, and an OTLP record
 * (`LogsOtlp`). Lines of a turn carry its `traceId`, `spanId`, `requestId` and `runId` as annotations.
 *
 * A line never contains users' texts or secrets. Of a cause it has the names, the messages and the stack frames,
 * except messages of kinds that quote unreadable input.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as References from "effect/References"

/** `cause`: the underlying error. */
interface ErrorLine {
  readonly name: string
  readonly message: string
  readonly stack: ReadonlyArray<string>
  readonly cause?: ErrorLine
}

export interface Line {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
  readonly error: ErrorLine | undefined
}

const withheld = "withheld, because it quotes what could not be read"
/** The messages of these errors quote parts of the invalid input. */
const quotes = new Set(["SyntaxError", "SchemaError", "ParseError", "SchemaIssue"])
const deepest = 4
const frames = 12

const errorLine = (error: unknown, depth = 0): ErrorLine => {
  if (!(error instanceof Error)) return { name: typeof error, message: withheld, stack: [] }
  const { cause, message, stack = "" } = error
  const name = "_tag" in error ? String(error._tag) : error.name
  return {
    name,
    message: quotes.has(name) || quotes.has(error.name) ? withheld : message,
    stack: stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, frames)
      .map((line) => line.trim()),
    ...(cause instanceof Error && depth < deepest ? { cause: errorLine(cause, depth + 1) } : {}),
  }
}

/** The annotations of all lines of this process, such as the number of a worker. */
export const LogOrigin = Context.Reference<Readonly<Record<string, unknown>>>(
  "crossfade/telemetry/LogOrigin",
  {
    defaultValue: () => ({}),
  },
)

const wordOf = (part: unknown): string => (typeof part === "string" ? part : JSON.stringify(part))

export const lineOf = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): Line => {
  const parts = Array.isArray(message) ? message : [message]
  const error = cause.reasons.length > 0 ? Cause.squash(cause) : parts.find((part) => part instanceof Error)
  return {
    timestamp: date.toISOString(),
    level: logLevel.toLowerCase(),
    message: parts
      .filter((part) => !(part instanceof Error))
      .map(wordOf)
      .join(" "),
    annotations: { ...fiber.getRef(LogOrigin), ...fiber.getRef(References.CurrentLogAnnotations) },
    error: error === undefined ? undefined : errorLine(error),
  }
}

/** One line of JSON. */
export const json: Logger.Logger<unknown, string> = Logger.make((options) => {
  const { annotations, error, ...line } = lineOf(options)
  return JSON.stringify({ ...line, ...annotations, error })
})

const colours: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31, fatal: 31 }

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Escapes foreign text: a line break would forge a line, and an escape sequence rewrite the screen. */
const inLine = (text: string): string =>
  text.replace(controls, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`)

const frameLines = ({ cause, message, name, stack }: ErrorLine): ReadonlyArray<string> => [
  inLine(`  ${name}: ${message}`),
  ...stack.map((frame) => inLine(`    ${frame}`)),
  ...(cause === undefined ? [] : frameLines(cause)),
]

/** One line for people, with an error's stack below it. `coloured`: for a terminal. */
export const prettyLine = (
  { annotations, error, level, message, timestamp }: Line,
  coloured: boolean,
): string => {
  const paint = (code: number, text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)
  const details = Object.entries(annotations).map(([name, value]) => inLine(`${name}=${wordOf(value)}`))
  const first = [
    paint(2, timestamp.slice(11, -1)),
    paint(colours[level] ?? 0, level.toUpperCase().padEnd(5)),
    inLine(message),
    ...(details.length === 0 ? [] : [paint(2, details.join(" "))]),
  ].join(" ")
  return [first, ...(error === undefined ? [] : frameLines(error))].join("\n")
}

export const pretty = (coloured: boolean): Logger.Logger<unknown, string> =>
  Logger.make((options) => prettyLine(lineOf(options), coloured))

/** True if logs may contain users' messages and answers (`LOG_CONTENT`). */
export const LogContent = Context.Reference<boolean>("crossfade/telemetry/LogContent", {
  defaultValue: () => false,
})
