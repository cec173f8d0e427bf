/**
 * An immutable map in the order of insertion. `set` keeps the place of a known key; `append` moves it to the end. Every change
 * copies one path of a tree with 32 branches, so its cost grows with the logarithm of the size.
 *
 * `places` finds the place of a key; the tree holds the entries by place. Places only rise.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"

interface Leaf<K, V> {
  readonly key: K
  readonly value: V
}

interface Branch<K, V> {
  readonly children: ReadonlyArray<Tree<K, V> | undefined>
}

type Tree<K, V> = Branch<K, V> | Leaf<K, V>

export interface OrderedMap<K, V> {
  readonly places: HashMap.HashMap<K, number>
  /** Undefined while the map is empty. */
  readonly root: Tree<K, V> | undefined
  /** Places in the tree: a power of 32. */
  readonly capacity: number
  /** The place of the next new entry. */
  readonly next: number
}

const width = 32

export const empty = <K, V>(): OrderedMap<K, V> => ({
  places: HashMap.empty(),
  root: undefined,
  capacity: width,
  next: 0,
})

export const size = (map: OrderedMap<unknown, unknown>): number => HashMap.size(map.places)

const placeOf = <K>({ places }: OrderedMap<K, unknown>, key: K): number | undefined =>
  Option.getOrUndefined(HashMap.get(places, key))

const isLeaf = <K, V>(tree: Tree<K, V>): tree is Leaf<K, V> => "key" in tree

const find = <K, V>(tree: Tree<K, V> | undefined, place: number, span: number): V | undefined => {
  if (tree === undefined) return undefined
  if (isLeaf(tree)) return tree.value
  const part = span / width
  return find(tree.children[Math.floor(place / part)], place % part, part)
}

/** The tree with this leaf at `place`; without one when `leaf` is undefined. `span`: the places of the tree. */
const replace = <K, V>(
  tree: Tree<K, V> | undefined,
  place: number,
  span: number,
  leaf: Leaf<K, V> | undefined,
): Tree<K, V> | undefined => {
  if (span === 1) return leaf
  const part = span / width
  const index = Math.floor(place / part)
  const children = tree === undefined || isLeaf(tree) ? [] : tree.children.slice()
  while (children.length < index) children.push(undefined)
  children[index] = replace(children[index], place % part, part, leaf)
  return leaf === undefined && children.every((child) => child === undefined) ? undefined : { children }
}

export const get = <K, V>(map: OrderedMap<K, V>, key: K): V | undefined => {
  const place = placeOf(map, key)
  return place === undefined ? undefined : find(map.root, place, map.capacity)
}

const add = <K, V>(map: OrderedMap<K, V>, key: K, value: V): OrderedMap<K, V> => {
  const isFull = map.next === map.capacity
  const capacity = isFull ? map.capacity * width : map.capacity
  const root = isFull && map.root !== undefined ? { children: [map.root] } : map.root
  return {
    places: HashMap.set(map.places, key, map.next),
    root: replace(root, map.next, capacity, { key, value }),
    capacity,
    next: map.next + 1,
  }
}

const without = <K, V>(map: OrderedMap<K, V>, place: number): OrderedMap<K, V>["root"] =>
  replace(map.root, place, map.capacity, undefined)

/** A new key goes to the end. */
export const set = <K, V>(map: OrderedMap<K, V>, key: K, value: V): OrderedMap<K, V> => {
  const place = placeOf(map, key)
  if (place === undefined) return add(map, key, value)
  return { ...map, root: replace(map.root, place, map.capacity, { key, value }) }
}

/** The key goes to the end, also a known one. */
export const append = <K, V>(map: OrderedMap<K, V>, key: K, value: V): OrderedMap<K, V> => {
  const place = placeOf(map, key)
  if (place === undefined) return add(map, key, value)
  if (place === map.next - 1) return { ...map, root: replace(map.root, place, map.capacity, { key, value }) }
  return add({ ...map, root: without(map, place) }, key, value)
}

export const remove = <K, V>(map: OrderedMap<K, V>, key: K): OrderedMap<K, V> => {
  const place = placeOf(map, key)
  if (place === undefined) return map
  return { ...map, places: HashMap.remove(map.places, key), root: without(map, place) }
}

function* leaves<K, V>(tree: Tree<K, V> | undefined): Generator<Leaf<K, V>> {
  if (tree === undefined) return
  if (isLeaf(tree)) yield tree
  else for (const child of tree.children) yield* leaves(child)
}

/** Oldest first. */
export function* values<K, V>(map: OrderedMap<K, V>): Generator<V> {
  for (const { value } of leaves(map.root)) yield value
}
