/** Statistics of many values. */

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** The middle half of the values lies between these. */
export const spread = (values: ReadonlyArray<number>): readonly [number, number] => [
  quantile(values, 0.25),
  quantile(values, 0.75),
]

/** Round by round, because both sides of a round see the same disturbance of the machine. */
export const ratios = (values: ReadonlyArray<number>, bases: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.slice(0, bases.length).map((value, round) => value / bases[round]!)
