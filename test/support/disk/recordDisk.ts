/** The environment of a child process whose writes and syncs are recorded. */
import { delimiter } from "node:path"
import { realpathSync } from "node:fs"
import { buildLibrary } from "./preload.ts"
import { slowDisk } from "./slowDisk.ts"

/**
 * `folder` exists and is empty; `journal` is a file outside of it, to which each process appends. Syncs take `micros`
 * longer, so that more writes and acknowledgements fall into each.
 */
export const recordDisk = (
  folder: string,
  journal: string,
  micros: number,
): Readonly<Record<string, string>> => {
  const slow = slowDisk(micros)
  return {
    ...slow,
    LD_PRELOAD: [buildLibrary("record"), slow["LD_PRELOAD"]].join(delimiter),
    RECORD_FOLDER: realpathSync(folder),
    RECORD_JOURNAL: journal,
  }
}
