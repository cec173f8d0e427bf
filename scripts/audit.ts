/**
 * Asks the registry for known vulnerabilities of the packages that the service runs with. Fails on a high or critical
 * one. If the registry does not answer, it prints a warning and passes; with `--required` it fails then too.
 */
import { spawnSync } from "node:child_process"

const severe = ["high", "critical"] as const

export type Verdict =
  | { readonly ran: false; readonly why: string }
  | { readonly ran: true; readonly counts: string; readonly severe: number }

/** `output`: the output of `npm audit --json`. */
export const verdictOf = (output: string): Verdict => {
  let report
  try {
    report = JSON.parse(output)
  } catch {
    return { ran: false, why: output.trim().slice(0, 300) || "npm printed nothing" }
  }
  const found: Readonly<Record<string, number>> | undefined = report?.metadata?.vulnerabilities
  if (found === undefined) {
    return { ran: false, why: String(report?.message ?? report?.error?.summary ?? "npm gave no report") }
  }
  const counts = Object.entries(found).map(([severity, count]) => `${count} ${severity}`)
  return {
    ran: true,
    counts: counts.join(", "),
    severe: severe.reduce((sum, name) => sum + (found[name] ?? 0), 0),
  }
}

const line = "=".repeat(78)

if (import.meta.main) {
  const { stderr, stdout } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8" })
  const verdict = verdictOf(stdout || stderr)
  if (verdict.ran) {
    console.log(`audit: ${verdict.counts}`)
    if (verdict.severe > 0) {
      console.error(stdout)
      process.exitCode = 1
    }
  } else {
    console.error(`${line}\nTHE AUDIT DID NOT RUN: ${verdict.why}`)
    console.error(
      "Nothing is known of vulnerabilities in the dependencies. Run `npm run audit` where the registry",
    )
    console.error(`answers, before a release with \`-- --required\`.\n${line}`)
    if (process.argv.includes("--required")) process.exitCode = 1
  }
}
