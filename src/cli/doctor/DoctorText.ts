/** The findings as text for people. Pure. */
import { type Finding, summaryOf } from "./Finding.ts"

// oxlint-disable-next-line no-control-regex -- foreign text must not move the cursor
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

const lineOf = ({ advice, check, seen, status }: Finding, width: number): string =>
  [
    `${status.padEnd(9)}${check.padEnd(width)}  ${seen.replace(controls, " ")}`,
    ...(advice === null ? [] : [`${" ".repeat(9 + width)}  → ${advice.replace(controls, " ")}`]),
  ].join("\n")

export const textOf = (folder: string, mode: string, findings: ReadonlyArray<Finding>): string => {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const { failed, ok, warning } = summaryOf(findings)
  return [
    `crossfade doctor in ${folder} (${mode})`,
    "",
    ...findings.map((finding) => lineOf(finding, width)),
    "",
    `${ok} ok, ${warning} ${warning === 1 ? "warning" : "warnings"}, ${failed} failed`,
  ].join("\n")
}
