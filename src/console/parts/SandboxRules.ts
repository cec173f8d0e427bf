/** The lines of a sandbox's terminal. Pure. */
import type { Whole } from "../../client/Parts.ts"

export type SandboxPart = Extract<Whole, { readonly type: `sandbox_${string}` }>
type SandboxStatus = Extract<SandboxPart, { readonly type: "sandbox_status" }>["data"]

export interface Line {
  readonly key: string
  /** `stdout`, `stderr`, or the level of a log. */
  readonly source: string
  readonly text: string
}

// ECMA-48: control sequences, operating system commands, and other escapes.
const escapes =
  // oxlint-disable-next-line no-control-regex -- controls are what it looks for
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])/g

/** The text without terminal escapes. A carriage return replaces the line, as a terminal does. */
export const plain = (text: string): string =>
  text
    .replaceAll(escapes, "")
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\r", line.length - 2) + 1).replaceAll("\r", ""))
    .join("\n")

const lineOf = (part: SandboxPart): ReadonlyArray<Line> => {
  if (part.type === "sandbox_output")
    return [{ key: part.key, source: part.data.stream, text: plain(part.data.content) }]
  if (part.type !== "sandbox_log") return []
  const { level, message, source } = part.data
  return [
    { key: part.key, source: source === undefined ? level : `${level} ${source}`, text: plain(message) },
  ]
}

export interface Terminal {
  readonly lines: ReadonlyArray<Line>
  readonly status: SandboxStatus | undefined
  readonly exitCode: number | undefined
}

export const terminalOf = (parts: ReadonlyArray<SandboxPart>): Terminal => ({
  lines: parts.flatMap(lineOf),
  status: parts.findLast((part) => part.type === "sandbox_status")?.data,
  exitCode: parts
    .flatMap((part) => (part.type === "sandbox_output" ? (part.data.exitCode ?? []) : []))
    .at(-1),
})
