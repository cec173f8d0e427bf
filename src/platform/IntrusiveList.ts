/**
 * A mutable linked list, oldest item first. Each item holds its own links, so it is removed or moved to the end in constant
 * time. An item is in at most one list.
 *
 * Used instead of a `Map` or a `Set` for objects that live as long as a turn. V8 replaces the table of an old map with another
 * old table, and the discarded tables retain ended turns, with all that they refer to, until the next full garbage collection
 * ([decision 28](../../docs/decisions/0028-hot-path.md)). A removed item here refers to nothing.
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

const has = <A extends Links<A>>(list: IntrusiveList<A>, item: A): boolean =>
  item.older !== undefined || list.oldest === item

/** Removes the item if it is in the list. */
export const remove = <A extends Links<A>>(list: IntrusiveList<A>, item: A): void => {
  if (!has(list, item)) return
  const { newer, older } = item
  if (older === undefined) list.oldest = newer
  else older.newer = newer
  if (newer === undefined) list.newest = older
  else newer.older = older
  item.older = undefined
  item.newer = undefined
}

/** Adds the item at the end, or moves it there. */
export const append = <A extends Links<A>>(list: IntrusiveList<A>, item: A): void => {
  if (list.newest === item) return
  remove(list, item)
  item.older = list.newest
  if (list.newest === undefined) list.oldest = item
  else list.newest.newer = item
  list.newest = item
}

/** Iterates from the oldest item. The current item may be removed during the iteration; one moved to the end appears again. */
export function* each<A extends Links<A>>({ oldest }: IntrusiveList<A>): Generator<A, void> {
  for (let item = oldest; item !== undefined;) {
    const { newer } = item
    yield item
    item = newer
  }
}
