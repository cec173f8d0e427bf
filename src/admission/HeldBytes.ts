/**
 * Counts the bytes that wait for readers, in total and for each organisation and user, so that one slow user does not block
 * the reads of others.
 */
import { keysOf, type Owner } from "./OpenStreams.ts"

/** Largest shares of the process's limit. */
const orgShare = 1 / 2
const userShare = 1 / 8

export class HeldBytes {
  readonly #most: number
  readonly #counts = new Map<string, number>()
  #all = 0

  constructor(most: number) {
    this.#most = most
  }

  get all(): number {
    return this.#all
  }

  /** An answer of any size fits while nothing else is held. Without an owner only the process's bytes count. */
  fits(bytes: number, owner: Owner | undefined): boolean {
    if (!fitsBeside(this.#all, bytes, this.#most)) return false
    if (owner === undefined) return true
    const { org, user } = keysOf(owner)
    return (
      fitsBeside(this.#of(user), bytes, this.#most * userShare) &&
      fitsBeside(this.#of(org), bytes, this.#most * orgShare)
    )
  }

  /** Returns the release; later calls of it do nothing. */
  add(bytes: number, owner: Owner | undefined): () => void {
    const keys = owner === undefined ? [] : Object.values(keysOf(owner))
    this.#move(keys, bytes)
    let held = true
    return () => {
      if (held) this.#move(keys, -bytes)
      held = false
    }
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #move(keys: ReadonlyArray<string>, bytes: number): void {
    this.#all += bytes
    for (const key of keys) {
      const count = this.#of(key) + bytes
      if (count > 0) this.#counts.set(key, count)
      else this.#counts.delete(key)
    }
  }
}

const fitsBeside = (held: number, bytes: number, most: number): boolean => held === 0 || held + bytes <= most
