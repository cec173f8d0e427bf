/** The metrics of streams, their readers and rejections: part of the catalogue in `Metrics`. */
import { refusalReasons } from "../domain/RejectionReason.ts"
import { counter, gauge } from "./Instrument.ts"

const none = {}

export const readers = {
  streamsOpen: gauge("crossfade_streams_open", {
    unit: "1",
    labels: none,
    meaning: "Open streams to users in this process; use it to scale a fleet",
  }),
  readerLag: gauge("crossfade_reader_lag_events", {
    unit: "1",
    labels: none,
    meaning: "Lag of the slowest reader of a live run, in events",
  }),
  readersCut: counter("crossfade_readers_cut_total", {
    unit: "1",
    labels: { cause: ["takes_nothing", "gone"] },
    meaning: "Connections that were cut because their peer stopped reading or answering",
  }),
  readerHeld: gauge("crossfade_reader_held_bytes", {
    unit: "By",
    labels: none,
    meaning: "Bytes of answers that wait for their readers in this process",
  }),
  readerHeldMost: gauge("crossfade_reader_held_most_bytes", {
    unit: "By",
    labels: none,
    meaning: "The largest part of these bytes for one connection",
  }),
  liveBytes: gauge("crossfade_live_bytes", {
    unit: "By",
    labels: none,
    meaning: "Memory of the running runs",
  }),
  liveBytesLimit: gauge("crossfade_live_bytes_limit", {
    unit: "By",
    labels: none,
    meaning: "Memory limit of the running runs (MAX_LIVE_BYTES)",
  }),
  runsEndedForMemory: counter("crossfade_runs_ended_for_memory_total", {
    unit: "1",
    labels: none,
    meaning: "Runs that ended because the running runs exceeded that limit; each was the largest",
  }),
  refused: counter("crossfade_admission_refused_total", {
    unit: "1",
    labels: { reason: ["memory", ...refusalReasons] },
    meaning: "Requests that a limit rejected",
  }),
  budgetTokens: counter("crossfade_budget_tokens_total", {
    unit: "1",
    labels: none,
    meaning: "Tokens counted against token budgets, failed attempts included",
  }),
  directCacheLookups: counter("crossfade_direct_cache_lookups_total", {
    unit: "1",
    labels: { result: ["hit", "miss"] },
    meaning: "Lookups in the cache of direct answers",
  }),
}
