/** A pie as SVG. Its slices are named in the legend beside it, with their shares. */
import { visible } from "../../domain/PlainText.ts"
import type { Slice } from "./ChartRules.ts"

const tau = 2 * Math.PI

const point = (part: number): string =>
  `${(50 + 48 * Math.sin(tau * part)).toFixed(3)} ${(50 - 48 * Math.cos(tau * part)).toFixed(3)}`

const arc = (from: number, to: number): string =>
  `M 50 50 L ${point(from)} A 48 48 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(to)} Z`

const sharesOf = (slices: ReadonlyArray<Slice>): ReadonlyArray<number> => {
  const most = Math.max(...slices.map(({ value }) => value))
  // Divided first, so that the sum of huge values stays finite.
  const sum = slices.reduce((total, { value }) => total + value / most, 0)
  return slices.map(({ value }) => value / most / sum)
}

export const PieChart = ({
  name,
  slices,
}: {
  readonly slices: ReadonlyArray<Slice>
  readonly name: string
}) => {
  const shares = sharesOf(slices)
  let from = 0
  const paths = shares.map((share, index) => {
    const start = from
    from += share
    return share > 0.9999 ? (
      <circle key={index} cx="50" cy="50" r="48" class={`slice c${index % 6}`} />
    ) : (
      <path key={index} d={arc(start, from)} class={`slice c${index % 6}`} />
    )
  })
  return (
    <div class="pie">
      <svg viewBox="0 0 100 100" role="img" aria-label={visible(name)}>
        {paths}
      </svg>
      <ul class="pie-legend">
        {slices.map((slice, index) => (
          <li key={index}>
            <span class={`swatch c${index % 6}`} aria-hidden="true" />
            <bdi>{visible(slice.name)}</bdi> {((shares[index] ?? 0) * 100).toFixed(1)}%
          </li>
        ))}
      </ul>
    </div>
  )
}
