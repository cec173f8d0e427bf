/**
 * Prints the result of the last test run as one line, `N passed, N failed[, N skipped]`, from vitest's JSON report.
 * The argument is the run's exit code: the line must not look better than it. So a file that failed before its first
 * test counts as one failure, and so does a run that failed outside of any test or wrote no report.
 */
import { readFileSync } from "node:fs"

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string }>
  }>
}

const line = (report: Report, exitCode: string): string => {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length
  const counted = report.numFailedTests + brokenFiles
  const failed = counted === 0 && exitCode !== "0" ? 1 : counted
  const skipped = report.numPendingTests + report.numTodoTests
  return `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
}

try {
  console.log(line(JSON.parse(readFileSync(".cache/test-report.json", "utf8")), process.argv[2] ?? "0"))
} catch (error) {
  console.error(`test-summary: the tests did not run to their end: ${String(error)}`)
  console.log("0 passed, 1 failed")
}
