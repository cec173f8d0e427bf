/**
 * Things in the order in which something last happened to them, each linked to the ones before and after it, so that any of
 * them leaves or moves to the end at once, however many there are. A thing is in one list at the most. Changed in place.
 *
 * Not a `Map` or a `Set`, for whatever comes and goes with turns: the table of one that is old is replaced by an old one, and
 * what the old tables held, turns that have ended and all that they refer to, stays in memory until the next full
 * collection of garbage ([decision 28](../../docs/decisions/0028-hot-path.md)). What has left here refers to nothing.
 */
export interface Links<A> {
  older: A | undefined
  newer: A | undefined
}

export interface IntrusiveList<A> {
  oldest: A | undefined
  newest: A | undefined
}

export const empty = <A>(): IntrusiveList<A> => ({ oldest: undefined, newest: undefined })

const has = <A extends Links<A>>(list: IntrusiveList<A>, one: A): boolean =>
  one.older !== undefined || list.oldest === one

/** Nothing happens when it is not there. */
export const remove = <A extends Links<A>>(list: IntrusiveList<A>, one: A): void => {
  if (!has(list, one)) return
  const { newer, older } = one
  if (older === undefined) list.oldest = newer
  else older.newer = newer
  if (newer === undefined) list.newest = older
  else newer.older = older
  one.older = undefined
  one.newer = undefined
}

/** Puts it at the end, wherever it was. */
export const append = <A extends Links<A>>(list: IntrusiveList<A>, one: A): void => {
  if (list.newest === one) return
  remove(list, one)
  one.older = list.newest
  if (list.newest === undefined) list.oldest = one
  else list.newest.newer = one
  list.newest = one
}

/** The oldest first. The one that was given last may be removed meanwhile; one that is moved to the end comes again. */
export function* each<A extends Links<A>>({ oldest }: IntrusiveList<A>): Generator<A, void> {
  for (let one = oldest; one !== undefined;) {
    const { newer } = one
    yield one
    one = newer
  }
}
