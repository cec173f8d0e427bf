/** Agreement and noise of one dimension over time, with their intervals. */
import { useState } from "preact/hooks"
import type { ShadowSeries } from "../../api/ShadowApi.ts"
import type { Dimension } from "../../domain/ShadowPair.ts"
import { Field } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { Time } from "../kit/Time.tsx"
import { durationText } from "../../domain/Duration.ts"
import { shadowText } from "../text/ShadowText.ts"
import { language, useText } from "../text/Text.ts"
import { percentOf } from "./Agreement.tsx"

type Series = typeof ShadowSeries.Type
type Rate = Series["points"][number]["dimensions"][number]["agreement"]

interface Shown {
  readonly at: number
  readonly agreement: Rate
  readonly noise: Rate
}

const size = { width: 640, height: 180, left: 40, bottom: 20 } as const

const shownOf = ({ points }: Series, dimension: Dimension): ReadonlyArray<Shown> =>
  points.flatMap(({ at, dimensions }) => {
    const found = dimensions.find((one) => one.dimension === dimension)
    return found === undefined || found.agreement.of + found.noise.of === 0 ? [] : [{ at, ...found }]
  })

const yOf = (share: number): number => 8 + (1 - share) * (size.height - size.bottom - 16)

const Line = ({
  look,
  of,
  xOf,
}: {
  readonly look: "across" | "noise"
  readonly of: ReadonlyArray<readonly [at: number, rate: Rate]>
  readonly xOf: (at: number) => number
}) => {
  const points = of.filter(([, { of: count }]) => count > 0)
  return (
    <g class={look}>
      <polyline points={points.map(([at, { rate }]) => `${xOf(at)},${yOf(rate)}`).join(" ")} />
      {points.map(([at, { high, low, rate }]) => (
        <g key={at}>
          <line x1={xOf(at)} x2={xOf(at)} y1={yOf(low)} y2={yOf(high)} />
          <circle cx={xOf(at)} cy={yOf(rate)} r={3} />
        </g>
      ))}
    </g>
  )
}

const Chart = ({
  label,
  series,
  shown,
}: {
  readonly series: Series
  readonly shown: ReadonlyArray<Shown>
  readonly label: string
}) => {
  const tag = useStore(language)
  const end = Math.max(Date.now(), series.from + series.widthMs)
  const xOf = (at: number) =>
    size.left + ((at + series.widthMs / 2 - series.from) / (end - series.from)) * (size.width - size.left - 8)
  return (
    <svg class="series" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={label}>
      {[0, 0.5, 1].map((share) => (
        <g key={share} class="grid">
          <line x1={size.left} x2={size.width} y1={yOf(share)} y2={yOf(share)} />
          <text x={size.left - 6} y={yOf(share) + 4} text-anchor="end">
            {percentOf(tag, share)}
          </text>
        </g>
      ))}
      <Line look="noise" xOf={xOf} of={shown.map(({ at, noise }) => [at + series.widthMs * 0.15, noise])} />
      <Line look="across" xOf={xOf} of={shown.map(({ agreement, at }) => [at, agreement])} />
    </svg>
  )
}

const AsTable = ({ shown }: { readonly shown: ReadonlyArray<Shown> }) => {
  const t = useText(shadowText)
  const tag = useStore(language)
  const cell = ({ hits, of, rate }: Rate) => (of === 0 ? "–" : `${percentOf(tag, rate)} (${hits}/${of})`)
  return (
    <details>
      <summary>{t("asTable")}</summary>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{t("period")}</th>
            <th scope="col">{t("agreement")}</th>
            <th scope="col">{t("noise")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ agreement, at, noise }) => (
            <tr key={at}>
              <th scope="row">
                <Time at={at} />
              </th>
              <td>{cell(agreement)}</td>
              <td>{cell(noise)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

export const OverTime = ({ series }: { readonly series: Series }) => {
  const t = useText(shadowText)
  const [dimension, setDimension] = useState<Dimension>("text")
  const all = series.points[0]?.dimensions.map((one) => one.dimension) ?? [dimension]
  const shown = shownOf(series, dimension)
  return (
    <>
      <Field label={t("dimension")}>
        <select
          class="short-select"
          value={dimension}
          onChange={({ currentTarget }) =>
            setDimension(all.find((one) => one === currentTarget.value) ?? dimension)
          }
        >
          {all.map((one) => (
            <option key={one} value={one}>
              {t(one)}
            </option>
          ))}
        </select>
      </Field>
      <Chart series={series} shown={shown} label={t("chartLabel", { name: t(dimension) })} />
      <p class="row shadow-legend">
        <span class="across">● {t("agreement")}</span>
        <span class="noise">○ {t("noise")}</span>
        <span class="quiet">{t("periods", { time: durationText(series.widthMs) })}</span>
      </p>
      <AsTable shown={shown} />
    </>
  )
}
