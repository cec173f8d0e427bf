import type { ShadowReport } from "../../api/ShadowApi.ts"
import { Badge, type Tone } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { Whisker } from "../kit/Whisker.tsx"
import { shadowText } from "../text/ShadowText.ts"
import { language, useText } from "../text/Text.ts"
import { Table } from "../kit/Table.tsx"

type Report = typeof ShadowReport.Type
type Row = Report["dimensions"][number]

const tones: Readonly<Record<Row["verdict"], Tone>> = {
  too_few: "neutral",
  within_noise: "good",
  above_noise: "warn",
}

export const percentOf = (tag: string, share: number): string =>
  new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 }).format(share)

const pointsOf = (tag: string, share: number): string =>
  new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }).format(share * 100)

const RateCell = ({ rate }: { readonly rate: Row["agreement"] }) => {
  const tag = useStore(language)
  if (rate.of === 0) return <td class="number">–</td>
  return (
    <td class="number">
      {percentOf(tag, rate.rate)}
      <div class="quiet">
        {rate.hits}/{rate.of} [{percentOf(tag, rate.low)}; {percentOf(tag, rate.high)}]
      </div>
    </td>
  )
}

const Picture = ({ row: { agreement, dimension, noise } }: { readonly row: Row }) => {
  const t = useText(shadowText)
  const tag = useStore(language)
  const percent = (share: number) => percentOf(tag, share)
  // Without pairs the interval is the whole axis, which would look like a finding.
  if (agreement.of === 0 || noise.of === 0) return null
  const interval = ({ high, low, rate }: Row["agreement"], look: string) => ({ value: rate, low, high, look })
  return (
    <Whisker
      axis={[0, 1]}
      label={t("pictureLabel", {
        name: t(dimension),
        rate: percent(agreement.rate),
        low: percent(agreement.low),
        high: percent(agreement.high),
        noise: percent(noise.rate),
        noiseLow: percent(noise.low),
        noiseHigh: percent(noise.high),
      })}
      intervals={[interval(agreement, "across"), interval(noise, "noise")]}
    />
  )
}

const DimensionRow = ({ row }: { readonly row: Row }) => {
  const t = useText(shadowText)
  const tag = useStore(language)
  const { difference, dimension, noise, verdict } = row
  const isKnown = row.agreement.of > 0 && noise.of > 0
  return (
    <tr>
      <th scope="row">
        {t(dimension)} {noise.scope === "all" && <span class="quiet">({t("noiseAll")})</span>}
      </th>
      <td>
        <Badge tone={tones[verdict]}>{t(verdict)}</Badge>
      </td>
      <RateCell rate={row.agreement} />
      <RateCell rate={noise} />
      <td class="number">
        {isKnown ? (
          <>
            {t("points", { value: pointsOf(tag, difference.rate) })}
            <div class="quiet">
              [{pointsOf(tag, difference.low)}; {pointsOf(tag, difference.high)}]
            </div>
          </>
        ) : (
          "–"
        )}
      </td>
      <td>{row.agreement.of + noise.of > 0 && <Picture row={row} />}</td>
    </tr>
  )
}

const columns = ["dimension", "verdict", "agreement", "noise", "difference", "picture"] as const

const figures: ReadonlySet<string> = new Set(["agreement", "noise", "difference"])

/** The agreement in each dimension against the noise. */
export const Agreement = ({ report }: { readonly report: Report }) => {
  const t = useText(shadowText)
  return (
    <>
      <p>
        {t("pairs", { count: report.pairs })} · {t("samePairs", { count: report.samePairs })}
      </p>
      <Table
        label={t("agreement")}
        look="verdicts"
        heads={columns.map((column) => ({ text: t(column), isNumber: figures.has(column) }))}
      >
        {report.dimensions.map((row) => (
          <DimensionRow key={row.dimension} row={row} />
        ))}
      </Table>
      <p class="quiet">
        {t("legend")} {t("tooFewHelp")}
      </p>
    </>
  )
}
