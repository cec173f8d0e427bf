/** The metrics of streams, their readers and rejections: part of the catalogue in `Metrics`. */
import { refusalReasons } from "../domain/RejectionReason.ts"
import { counter, gauge } from "./Instrument.ts"

const none = {}

export const readers = {
  streamsOpen: gauge("crossfade_streams_open", {
    unit: "1",
    labels: none,
    meaning: "Streams to users that this process has open: what a fleet is scaled by",
  }),
  readerLag: gauge("crossfade_reader_lag_events", {
    unit: "1",
    labels: none,
    meaning: "Events by which the slowest reader of a live run is behind it",
  }),
  readersCut: counter("crossfade_readers_cut_total", {
    unit: "1",
    labels: { cause: ["takes_nothing", "gone"] },
    meaning: "Connections that were cut because their peer took nothing, or no longer answered",
  }),
  readerHeld: gauge("crossfade_reader_held_bytes", {
    unit: "By",
    labels: none,
    meaning: "Bytes of answers that this process holds because their readers have not taken them",
  }),
  readerHeldMost: gauge("crossfade_reader_held_most_bytes", {
    unit: "By",
    labels: none,
    meaning: "The most of these bytes that one connection holds",
  }),
  liveBytes: gauge("crossfade_live_bytes", {
    unit: "By",
    labels: none,
    meaning: "Memory that the runs under way hold",
  }),
  liveBytesLimit: gauge("crossfade_live_bytes_limit", {
    unit: "By",
    labels: none,
    meaning: "Memory that the runs under way may hold (MAX_LIVE_BYTES)",
  }),
  runsEndedForMemory: counter("crossfade_runs_ended_for_memory_total", {
    unit: "1",
    labels: none,
    meaning: "Runs that were ended because the runs under way held more than that; each was the largest one",
  }),
  refused: counter("crossfade_admission_refused_total", {
    unit: "1",
    labels: { reason: ["memory", ...refusalReasons] },
    meaning: "Requests that were not let in",
  }),
  budgetTokens: counter("crossfade_budget_tokens_total", {
    unit: "1",
    labels: none,
    meaning: "Tokens counted against token budgets, those of attempts that failed included",
  }),
  keptAnswers: counter("crossfade_direct_cache_lookups_total", {
    unit: "1",
    labels: { result: ["hit", "miss"] },
    meaning: "Questions whose answer might have been kept",
  }),
}
