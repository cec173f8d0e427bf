/**
 * A disk after a loss of power, rebuilt from a journal of writes and syncs.
 *
 * A change is durable after a sync of its file that began after the change and has ended; the change of a name, after
 * such a sync of its folder. Any subset of the other changes may be on the disk. A write may be torn at the borders of
 * sectors, and leaves bytes beside it unchanged (https://www.sqlite.org/psow.html). Its file may have grown without
 * its bytes, and then has zeros there.
 */
import { constants } from "node:fs"
import { dirname } from "node:path"
import { Content, type Part } from "./content.ts"
import type { Entry } from "./journal.ts"

export type Change =
  | { readonly kind: "write"; readonly file: Content; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: Content; readonly size: number }
  /** In the folder of `path`. Without a file, the name is removed. */
  | {
      readonly kind: "name"
      readonly path: string
      readonly file: Content | "folder" | undefined
      /** The old name of a renamed file. */
      readonly from?: string
    }

type NameChange = Extract<Change, { kind: "name" }>
type Names = Map<string, Content | "folder">

export class CrashDisk {
  readonly #folder: string
  /** Names as the process sees them. */
  readonly #names: Names
  readonly #durableNames: Names
  /** The path of a folder, or a file. */
  #open = new Map<number, Content | string>()
  #pending: Array<Change> = []
  readonly #syncs = new Map<string, ReadonlyArray<Change>>()

  /** `folder` is empty at the begin of the journal. */
  constructor(folder: string) {
    this.#folder = folder
    this.#names = new Map([[folder, "folder"]])
    this.#durableNames = new Map(this.#names)
  }

  /** The changes that a loss of power may undo, in their order. */
  get pending(): ReadonlyArray<Change> {
    return this.#pending
  }

  /** The files with changes that a loss of power may undo. */
  get unsyncedFiles(): number {
    return new Set(this.#pending.flatMap((change) => (change.kind === "name" ? [] : [change.file]))).size
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case "started":
        this.#open = new Map()
        this.#syncs.clear()
        return
      case "opened":
        return this.#opened(entry)
      case "closed":
        this.#open.delete(entry.fd)
        return
      case "written":
        return this.#add({ ...entry, kind: "write", file: this.#fileOf(entry.fd) })
      case "truncated":
        return this.#add({ ...entry, kind: "truncate", file: this.#fileOf(entry.fd) })
      case "sync began":
        this.#syncs.set(`${entry.fd} ${entry.thread}`, this.#coveredBy(entry.fd))
        return
      case "sync ended":
        return this.#makeDurable(this.#syncs.get(`${entry.fd} ${entry.thread}`) ?? [])
      case "renamed":
        return this.#add({ kind: "name", path: entry.to, from: entry.from, file: this.#named(entry.from) })
      case "folder made":
        return this.#add({ kind: "name", path: entry.path, file: "folder" })
      case "unlinked":
      case "folder removed":
        return this.#add({ kind: "name", path: entry.path, file: undefined })
      case "sent":
    }
  }

  /** The files of the disk by their paths, if this part of each pending change is on it. */
  image(partOf: (change: Change, index: number) => Part | "absent"): ReadonlyMap<string, Buffer> {
    const names: Names = new Map(this.#durableNames)
    const copies = new Map<Content, Content>()
    const copyOf = (file: Content): Content => {
      const copy = copies.get(file) ?? file.copy()
      copies.set(file, copy)
      return copy
    }
    for (const [index, change] of this.#pending.entries()) {
      const part = partOf(change, index)
      if (part === "absent") continue
      if (change.kind === "name") rename(names, change)
      else make(change, copyOf(change.file), part)
    }
    const files = new Map<string, Buffer>()
    for (const [path, file] of names) {
      if (file !== "folder" && this.#reachable(names, path)) files.set(path, (copies.get(file) ?? file).bytes)
    }
    return files
  }

  /** A file is lost with the name of a folder above it. */
  #reachable(names: Names, path: string): boolean {
    const parent = dirname(path)
    if (names.get(parent) !== "folder") return false
    return parent === this.#folder || this.#reachable(names, parent)
  }

  #named(path: string): Content | "folder" {
    const file = this.#names.get(path)
    if (file === undefined) throw new Error(`the journal has no file ${path}`)
    return file
  }

  #fileOf(fd: number): Content {
    const file = this.#open.get(fd)
    if (file === undefined || typeof file === "string") throw new Error(`the journal opens no file as ${fd}`)
    return file
  }

  #opened({ fd, flags, path }: Extract<Entry, { kind: "opened" }>): void {
    const existing = this.#names.get(path)
    if (existing === "folder") {
      this.#open.set(fd, path)
      return
    }
    if (existing === undefined && (flags & constants.O_CREAT) === 0) {
      throw new Error(`the journal has no file ${path}`)
    }
    const file = existing ?? new Content()
    this.#open.set(fd, file)
    if (existing === undefined) this.#add({ kind: "name", path, file })
    else if ((flags & constants.O_TRUNC) !== 0) this.#add({ kind: "truncate", file, size: 0 })
  }

  #add(change: Change): void {
    this.#pending.push(change)
    if (change.kind === "name") rename(this.#names, change)
  }

  #coveredBy(fd: number): ReadonlyArray<Change> {
    const synced = this.#open.get(fd)
    return this.#pending.filter((change) =>
      change.kind === "name" ? dirname(change.path) === synced : change.file === synced,
    )
  }

  #makeDurable(changes: ReadonlyArray<Change>): void {
    const durable = new Set(changes)
    const left: Array<Change> = []
    for (const change of this.#pending) {
      if (!durable.has(change)) left.push(change)
      else if (change.kind === "name") this.#makeNameDurable(change, left)
      else make(change, change.file, "whole")
    }
    this.#pending = left
  }

  /** Earlier changes of the same names are superseded, although their folder may not be synced. */
  #makeNameDurable(change: NameChange, earlier: Array<Change>): void {
    const stale = (other: Change) =>
      other.kind === "name" && (other.path === change.path || other.path === change.from)
    earlier.splice(0, earlier.length, ...earlier.filter((other) => !stale(other)))
    rename(this.#durableNames, change)
  }
}

const rename = (names: Names, { file, from, path }: NameChange): void => {
  if (from !== undefined) names.delete(from)
  if (file === undefined) names.delete(path)
  else names.set(path, file)
}

const make = (change: Exclude<Change, NameChange>, content: Content, part: Part): void => {
  if (change.kind === "truncate") content.resize(change.size)
  else content.write(change.offset, change.bytes, part)
}
