/**
 * One metric: its name, kind, unit, labels and description, and the way to record it. Each label has a closed set of
 * values, or names the setting that bounds it, so the number of series is known in advance.
 *
 * The series are in Effect's metric registry, which both exports (OTLP and `/metrics`) read. The unit is an attribute
 * that neither shows as a label.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"

type Unit = "1" | "ms" | "By" | "percent"

/** The allowed values of a label, or the setting that bounds them. */
export type Allowed = ReadonlyArray<string> | { readonly boundedBy: string }
export type Labels = Readonly<Record<string, Allowed>>
export type Values<L extends Labels> = {
  readonly [Label in keyof L]: L[Label] extends ReadonlyArray<infer Value extends string> ? Value : string
}

/** A recording that waits for the context with the registry, so that several are one step of a fiber (`measure`). */
export type Update = (context: Context.Context<never>) => void

interface About<L extends Labels> {
  readonly unit: Unit
  readonly labels: L
  readonly meaning: string
}

export interface Instrument<L extends Labels = Labels> extends About<L> {
  readonly name: string
  readonly kind: "counter" | "gauge" | "histogram"
  /** Upper bounds of a histogram's buckets, in its unit, without infinity. */
  readonly boundaries?: ReadonlyArray<number>
  /** Adds `value` to a counter, sets a gauge, or records it in a histogram. */
  readonly record: (labels: Values<L>, value: number) => Effect.Effect<void>
  /** The same, for use with others in `measure`. */
  readonly update: (labels: Values<L>, value: number) => Update
  /** A gauge's or counter's value, read at each collection while the scope is open. */
  readonly observe: (labels: Values<L>, read: () => number) => Effect.Effect<void, never, Scope.Scope>
  /** Creates all series with the value 0, so that a rate includes the first event. */
  readonly begin: Effect.Effect<void>
}

const instrument = <const L extends Labels>(
  name: string,
  kind: Instrument["kind"],
  about: About<L>,
  make: (attributes: Readonly<Record<string, string>>) => Metric.Metric<number, unknown>,
): Instrument<L> => {
  const made = new Map<string, Metric.Metric<number, unknown>>()
  const names = Object.keys(about.labels)
  const series = (labels: Values<L>): Metric.Metric<number, unknown> => {
    const values: Readonly<Record<string, string>> = labels
    // A loop, because a turn makes about 25 updates, and most have one label or none.
    let key = ""
    for (const name of names) key += `${values[name]}\n`
    const known = made.get(key)
    if (known !== undefined) return known
    const added = make({ ...values, unit: about.unit })
    made.set(key, added)
    return added
  }
  const stateOf = (value: number) => (kind === "counter" ? { count: value, incremental: true } : { value })
  const observe = (labels: Values<L>, read: () => number) =>
    Effect.asVoid(
      Effect.acquireRelease(
        Effect.contextWith((context: Context.Context<never>) =>
          Effect.sync(() =>
            Metric.registerUnsafe(series(labels), context, {
              get: () => stateOf(read()),
              update: () => {},
              modify: () => {},
            }),
          ),
        ),
        (registration) => Effect.sync(registration.remove),
      ),
    )
  const begin = Effect.suspend(() =>
    kind === "gauge"
      ? Effect.void
      : Effect.forEach(combinations(about.labels), (labels) => Metric.value(series(labels as Values<L>)), {
          discard: true,
        }),
  )
  const update =
    (labels: Values<L>, value: number): Update =>
    (context) =>
      series(labels).updateUnsafe(value, context)
  const record = (labels: Values<L>, value: number) => measure([update(labels, value)])
  return { name, kind, ...about, observe, begin, update, record }
}

/** Runs the updates in order, in one step for any number. */
export const measure = (updates: ReadonlyArray<Update>): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => {
    for (const update of updates) update(context)
    return Effect.void
  })

/** All combinations of label values; none if only the settings know them. */
export const combinations = (labels: Labels): ReadonlyArray<Readonly<Record<string, string>>> =>
  Object.entries(labels).reduce<ReadonlyArray<Readonly<Record<string, string>>>>(
    (sets, [label, allowed]) =>
      "boundedBy" in allowed
        ? []
        : sets.flatMap((set) => allowed.map((value) => ({ ...set, [label]: value }))),
    [{}],
  )

export const counter = <const L extends Labels>(name: string, about: About<L>): Instrument<L> =>
  instrument(name, "counter", about, (attributes) =>
    Metric.counter(name, { description: about.meaning, incremental: true, attributes }),
  )

export const gauge = <const L extends Labels>(name: string, about: About<L>): Instrument<L> =>
  instrument(name, "gauge", about, (attributes) =>
    Metric.gauge(name, { description: about.meaning, attributes }),
  )

export const histogram = <const L extends Labels>(
  name: string,
  about: About<L> & { readonly boundaries: ReadonlyArray<number> },
): Instrument<L> => {
  const { boundaries, ...rest } = about
  return {
    ...instrument(name, "histogram", rest, (attributes) =>
      Metric.histogram(name, { description: about.meaning, boundaries, attributes }),
    ),
    boundaries,
  }
}
