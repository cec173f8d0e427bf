/** Reads the journal that `record.c` writes. */
import { readFileSync } from "node:fs"

export type Entry =
  /** A process began to record: the files that an earlier one had open are closed. */
  | { readonly kind: "started" }
  | { readonly kind: "opened"; readonly fd: number; readonly path: string; readonly flags: number }
  | { readonly kind: "closed"; readonly fd: number }
  | { readonly kind: "written"; readonly fd: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncated"; readonly fd: number; readonly size: number }
  | { readonly kind: "sync began" | "sync ended"; readonly fd: number; readonly thread: number }
  | { readonly kind: "renamed"; readonly from: string; readonly to: string }
  | { readonly kind: "unlinked" | "folder made" | "folder removed"; readonly path: string }
  /** Bytes to a TCP socket. */
  | { readonly kind: "sent"; readonly fd: number; readonly bytes: Buffer }

/** In the order of `enum kind`, which begins at 1. */
const kinds = [
  "started",
  "opened",
  "closed",
  "written",
  "truncated",
  "sync began",
  "sync ended",
  "renamed",
  "unlinked",
  "folder made",
  "folder removed",
  "sent",
] as const

const headBytes = 24

/** A kill may have cut the last entry, which is ignored. */
export const readJournal = (path: string): ReadonlyArray<Entry> => {
  const all = readFileSync(path)
  const entries: Array<Entry> = []
  for (let at = 0; at + headBytes <= all.length;) {
    const length = Number(all.readBigUInt64LE(at + 16))
    const end = at + headBytes + length
    if (end > all.length) break
    entries.push(
      entryOf(
        all.readUInt32LE(at),
        all.readInt32LE(at + 4),
        Number(all.readBigUInt64LE(at + 8)),
        all.subarray(at + headBytes, end),
      ),
    )
    at = end
  }
  return entries
}

const entryOf = (number: number, fd: number, offset: number, bytes: Buffer): Entry => {
  const kind = kinds[number - 1]
  switch (kind) {
    case undefined:
      throw new Error(`not an entry of a journal: ${number}`)
    case "started":
      return { kind }
    case "opened":
      return { kind, fd, path: bytes.toString(), flags: offset }
    case "closed":
      return { kind, fd }
    case "written":
      return { kind, fd, offset, bytes }
    case "truncated":
      return { kind, fd, size: offset }
    case "sync began":
    case "sync ended":
      return { kind, fd, thread: offset }
    case "renamed": {
      const [from, to] = bytes.toString().split("\n")
      return { kind, from: from!, to: to! }
    }
    case "sent":
      return { kind, fd, bytes }
    default:
      return { kind, path: bytes.toString() }
  }
}
