/** The metrics of the embedded database: part of the catalogue in `Metrics`. They stay 0 with PostgreSQL. */
import { gauge, histogram } from "./Instrument.ts"

const none = {}
const diskTimes = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 5000]

export const sqlite = {
  logSync: histogram("crossfade_sqlite_sync_ms", {
    unit: "ms",
    labels: none,
    meaning: "Time of one sync of SQLite's write-ahead log to the disk; it makes commits durable",
    boundaries: diskTimes,
  }),
  checkpoint: histogram("crossfade_sqlite_checkpoint_ms", {
    unit: "ms",
    labels: none,
    meaning: "Time to copy SQLite's write-ahead log to the database; writes wait only at its end",
    boundaries: diskTimes,
  }),
  logBytes: gauge("crossfade_sqlite_wal_bytes", {
    unit: "By",
    labels: none,
    meaning: "Size of the file of SQLite's write-ahead log, which is written again from its start",
  }),
}
