/** Metrics of reads: part of the catalogue in `Metrics`. */
import { readRefusalReasons } from "../domain/RejectionReason.ts"
import { counter, gauge } from "./Instrument.ts"

export const reads = {
  readsRefused: counter("crossfade_reads_refused_total", {
    unit: "1",
    labels: { reason: readRefusalReasons },
    meaning: "Rejected reads; `answers`: too many bytes of answers, `files`: too many open files",
  }),
  answerBytes: gauge("crossfade_answer_bytes_in_flight", {
    unit: "By",
    labels: {},
    meaning: "Bytes of answers that wait for their readers",
  }),
}
