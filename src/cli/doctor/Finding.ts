/** The result of one check of `crossfade doctor`. Pure. */

export type Status = "ok" | "warning" | "failed"

export interface Finding {
  /** The part that was checked, such as `database` or `provider main`. */
  readonly check: string
  readonly status: Status
  readonly seen: string
  /** The next step for the reader; null if there is nothing to do. */
  readonly advice: string | null
}

export const ok = (check: string, seen: string): Finding => ({ check, status: "ok", seen, advice: null })

export const warning = (check: string, seen: string, advice: string): Finding => ({
  check,
  status: "warning",
  seen,
  advice,
})

export const failed = (check: string, seen: string, advice: string): Finding => ({
  check,
  status: "failed",
  seen,
  advice,
})

export interface Summary {
  readonly ok: number
  readonly warning: number
  readonly failed: number
}

export const summaryOf = (findings: ReadonlyArray<Finding>): Summary => {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length
  return { ok: count("ok"), warning: count("warning"), failed: count("failed") }
}
