/** Attempts, clocks, steps and calls on one axis: a table whose last column is a picture of the times. */
import { useMemo } from "preact/hooks"
import type { Clocks } from "../../api/ConsoleApi.ts"
import { Card } from "../kit/Kit.tsx"
import { duration } from "../kit/Time.tsx"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import type { LoadedRun } from "./RunAccess.ts"
import { type Row, ticksOf, waterfallOf } from "./Waterfall.ts"
import { StatusBadge } from "./Words.tsx"

const percent = (ms: number, totalMs: number): string => `${((100 * ms) / totalMs).toFixed(2)}%`

/** The times of the picture are in the other columns as text. */
const Bar = ({
  row: { from, kind, marks, state, to },
  totalMs,
}: {
  readonly row: Row
  readonly totalMs: number
}) => (
  <div class="bar" aria-hidden="true">
    {from !== null && to !== null && (
      <span
        class={`span ${kind} ${state}`}
        style={{ insetInlineStart: percent(from, totalMs), width: percent(Math.max(0, to - from), totalMs) }}
      />
    )}
    {marks
      .filter(({ at }) => at <= totalMs)
      .map(({ at, kind }) => (
        <span key={kind} class={`moment ${kind}`} style={{ insetInlineStart: percent(at, totalMs) }} />
      ))}
  </div>
)

const useName = () => {
  const t = useText(runText)
  return ({ kind, name, number = 0 }: Row): string => {
    if (kind === "attempt") return t("attempt", { number, name })
    if (kind === "shadow") return t("shadowAttempt", { name })
    return kind === "clock" ? t(name === "total" ? "clock_total" : "clock_firstContent") : name
  }
}

const isCall = (kind: Row["kind"]): kind is "step" | "tool" | "skill" | "mcp" =>
  kind === "step" || kind === "tool" || kind === "skill" || kind === "mcp"

const WaterfallRow = ({ row, totalMs }: { readonly row: Row; readonly totalMs: number }) => {
  const t = useText(runText)
  const name = useName()
  const { code, depth, from, kind, limitMs, ms, status } = row
  const time = ms === null ? "–" : duration(ms)
  return (
    <tr class={kind}>
      <th scope="row" class={depth === 1 ? "below" : undefined}>
        {isCall(kind) && <span class="quiet kind">{t(kind)} </span>}
        {name(row)}
      </th>
      <td>
        <StatusBadge status={status} /> {code !== undefined && <code>{code}</code>}
      </td>
      <td class="number">{from === null ? "–" : `+${duration(Math.max(0, from))}`}</td>
      <td class="number">
        {limitMs === undefined ? time : t("ofLimit", { time, limit: duration(limitMs) })}
      </td>
      <td class="axis">
        <Bar row={row} totalMs={totalMs} />
      </td>
    </tr>
  )
}

const Axis = ({ totalMs }: { readonly totalMs: number }) => (
  <div class="bar ticks" aria-hidden="true">
    {ticksOf(totalMs)
      // The words of a later tick would be cut off.
      .filter((at) => at <= 0.92 * totalMs)
      .map((at) => (
        <span key={at} style={{ insetInlineStart: percent(at, totalMs) }}>
          {duration(at)}
        </span>
      ))}
  </div>
)

const Table = ({ rows, totalMs }: { readonly rows: ReadonlyArray<Row>; readonly totalMs: number }) => {
  const t = useText(runText)
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("waterfall")}>
      <table class="data waterfall">
        <caption class="visually-hidden">{t("waterfallHelp")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("what")}</th>
            <th scope="col">{t("status")}</th>
            <th scope="col" class="number">
              {t("start")}
            </th>
            <th scope="col" class="number">
              {t("duration")}
            </th>
            <th scope="col" class="axis">
              <span class="visually-hidden">{t("time")}</span>
              <Axis totalMs={totalMs} />
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <WaterfallRow key={row.key} row={row} totalMs={totalMs} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface WaterfallProps {
  readonly loaded: LoadedRun
  readonly clocks: Clocks | undefined
}

export const WaterfallCard = ({ clocks, loaded }: WaterfallProps) => {
  const t = useText(runText)
  const { run, texts } = loaded
  const { rows, totalMs } = useMemo(
    () => waterfallOf(run, texts?.execution ?? [], clocks, Date.now()),
    [run, texts, clocks],
  )
  return (
    <Card title={t("waterfall")}>
      {rows.length === 0 ? (
        <p class="quiet">{t("noAttempt")}</p>
      ) : (
        <>
          <Table rows={rows} totalMs={totalMs} />
          <p class="quiet">
            {t("waterfallHelp")} <span aria-hidden="true">{t("legend")}</span>
          </p>
        </>
      )}
      {texts === null && <p class="quiet">{t("stepsHidden")}</p>}
      {texts !== null && !run.eventsKept && <p class="quiet">{t("stepsExpired")}</p>}
      {texts?.isCut === true && <p class="quiet">{t("stepsCut", { count: texts.execution.length })}</p>}
    </Card>
  )
}
