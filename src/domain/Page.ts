/**
 * A page of a list, limited in entries and in bytes, so that an answer has the same largest size for any amount of
 * data. An entry larger than a page is returned alone.
 */

/** Bytes of the entries of one page, as JSON. */
export const pageBytes = 1024 * 1024

export interface Page<Entry, Key> {
  readonly entries: ReadonlyArray<Entry>
  /** The position of the last entry, if more follow. */
  readonly next: Key | null
}

/** The part of a list in memory that fits a page. `sizeOf` returns an entry's bytes. The first entry always fits. */
export const firstPage = <Entry, Key>(
  all: Iterable<Entry>,
  limit: number,
  sizeOf: (entry: Entry) => number,
  keyOf: (entry: Entry) => Key,
): Page<Entry, Key> => {
  const entries: Array<Entry> = []
  let bytes = 0
  for (const entry of all) {
    bytes += sizeOf(entry)
    const last = entries.at(-1)
    if (last !== undefined && (entries.length === limit || bytes > pageBytes))
      return { entries, next: keyOf(last) }
    entries.push(entry)
  }
  return { entries, next: null }
}

/** Bytes of a value as JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

export const mapEntries = <A, B, Key>({ entries, next }: Page<A, Key>, f: (entry: A) => B): Page<B, Key> => ({
  entries: entries.map(f),
  next,
})
