/** The reasons for rejecting a request; each is a label of `crossfade_admission_refused_total`. */
export const refusalReasons = [
  "process",
  "key_rate",
  "user_rate",
  "org_rate",
  "user_streams",
  "org_streams",
  "user_runs",
  "org_runs",
  "user_tokens",
  "org_tokens",
  "reserved_tokens",
] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** The reasons for rejecting a read; each is a label of `crossfade_reads_refused_total`. */
export const readRefusalReasons = ["user_rate", "org_rate", "answers", "user_files", "files"] as const
