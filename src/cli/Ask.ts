/**
 * Asks a person in the terminal. The question goes to standard error, because standard output holds the result. Without
 * a terminal there is no person, so a change needs `--yes`.
 */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createInterface } from "node:readline"
import { text } from "node:stream/consumers"
import { Writable } from "node:stream"
import { say } from "./Output.ts"
import { Refused } from "./Explained.ts"

export const yesFlag = Flag.Boolean("yes").pipe(
  Flag.withAlias("y"),
  Flag.withDescription("Make the change without a question; required without a terminal"),
  Flag.withDefault(false),
)

const hasTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY

const silent = () => new Writable({ write: (_chunk, _encoding, done) => done() })

/**
 * Undefined if the person ends the input instead (Ctrl-D). The question appears once the terminal echoes nothing by
 * itself, so that a secret that is typed at once stays hidden.
 */
const asked = (question: string, isSecret: boolean) =>
  Effect.callback<string | undefined>((resume) => {
    const output = isSecret ? silent() : process.stderr
    const lines = createInterface({ input: process.stdin, output, terminal: true })
    // Only the first call counts. An open interface would keep the process alive.
    const end = (result: Effect.Effect<string | undefined>): void => {
      resume(result)
      lines.close()
    }
    lines.once("close", () => end(Effect.as(Effect.void, undefined)))
    lines.once("SIGINT", () => end(Effect.interrupt))
    lines.question(question, (line) => end(Effect.succeed(line)))
    if (isSecret) process.stderr.write(question)
    return Effect.sync(() => lines.close())
  })

/** Continues only after a person, or `--yes`, has agreed. */
export const confirmed = Effect.fnUntraced(function* (yes: boolean, change: string) {
  if (yes) return
  if (!hasTerminal())
    return yield* new Refused({
      message: `${change}\nNothing was changed: there is no terminal to ask, so add --yes.`,
    })
  yield* say(change)
  const answer = yield* asked("Continue? [y/N] ", false)
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) return yield* new Refused({ message: "Nothing was changed." })
})

/** A secret from a person, or from a pipe: a command line would store it in the history of the shell. */
export const secret = Effect.fnUntraced(function* (question: string) {
  const given = process.stdin.isTTY
    ? yield* asked(question, true)
    : yield* Effect.promise(() => text(process.stdin))
  if (process.stdin.isTTY) process.stderr.write("\n")
  return Redacted.make(given?.trim() ?? "")
})
