/**
 * The file of SQLite's write-ahead log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log): its syncs, and its
 * length. SQLite locks no part of this file, so a descriptor of its own is harmless.
 */
import * as Fs from "node:fs"

/** A log of this length is copied to the database. It grows a little meanwhile, and as long as another process reads. */
export const longestLogBytes = 16 * 1024 * 1024

const headerBytes = 32
const frameHeaderBytes = 24

export interface SqliteLog {
  readonly sync: (ended: (error: Error | null) => void) => void
  /**
   * True if the log has this many bytes. The file is as long as the longest log that it has had: the frames of the present
   * one have the salt of its header.
   */
  readonly reaches: (bytes: number) => boolean
  /** The bytes of the file. */
  readonly size: () => number
  readonly close: () => void
}

export const make = (path: string): SqliteLog => {
  const file = Fs.openSync(path, "r+")
  const header = Buffer.alloc(headerBytes)
  const frame = Buffer.alloc(frameHeaderBytes)
  const reaches = (bytes: number): boolean => {
    if (Fs.readSync(file, header, 0, headerBytes, 0) < headerBytes) return false
    const frameBytes = frameHeaderBytes + header.readUInt32BE(8)
    const at = headerBytes + frameBytes * Math.floor((bytes - headerBytes) / frameBytes - 1)
    const length = Fs.readSync(file, frame, 0, frameHeaderBytes, at)
    return length === frameHeaderBytes && header.compare(frame, 8, 16, 16, 24) === 0
  }
  return {
    sync: (ended) => Fs.fdatasync(file, ended),
    reaches: (bytes) => {
      // Runs after each sync, so an error waits for the checkpoint, which meets it too.
      try {
        return reaches(bytes)
      } catch {
        return true
      }
    },
    size: () => Fs.fstatSync(file).size,
    close: () => Fs.closeSync(file),
  }
}
