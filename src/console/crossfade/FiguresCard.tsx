import type { LiveView } from "../../api/LiveView.ts"
import { Card } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { percent, shownMs } from "../text/HeadlineText.ts"
import { language, useText } from "../text/Text.ts"
import { Rows } from "./Rows.tsx"

const modes = ["runtime_orchestrator", "direct_llm"] as const

/** The figures of the whole window. A mode without attempts has no rates. */
export const FiguresCard = ({ view }: { readonly view: LiveView }) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const number = (value: number) => new Intl.NumberFormat(tag, { maximumFractionDigits: 2 }).format(value)
  const row = (name: string, of: (mode: LiveView["modes"]["direct_llm"]) => string) => ({
    key: name,
    cells: [name, ...modes.map((mode) => <span class="figure">{of(view.modes[mode])}</span>)],
  })
  const rate = (share: number, total: number) => (total === 0 ? "–" : percent(share, tag))
  const ms = (value: number, total: number) => shownMs(total === 0 ? null : value)
  return (
    <Card title={`${t("figures")} · ${t("window", { minutes: Math.round(view.windowMs / 6000) / 10 })}`}>
      <Rows
        label={t("figures")}
        heads={[t("figure"), ...modes.map((mode) => t(mode))]}
        empty=""
        rows={[
          row(t("perSecond"), ({ perSecond }) => number(perSecond)),
          row(t("attempts"), ({ total }) => number(total)),
          row(t("success"), ({ success, total }) => rate(success / total, total)),
          row(t("error"), ({ errorRate, total }) => rate(errorRate, total)),
          row(t("timeout"), ({ timeoutRate, total }) => rate(timeoutRate, total)),
          row(`${t("latency")} P50`, ({ p50LatencyMs, total }) => ms(p50LatencyMs, total)),
          row(`${t("latency")} P95`, ({ p95LatencyMs, total }) => ms(p95LatencyMs, total)),
          row(`${t("latency")} P99`, ({ p99LatencyMs, total }) => ms(p99LatencyMs, total)),
          row(`${t("firstContent")} P50`, ({ p50FirstContentMs }) => shownMs(p50FirstContentMs)),
          row(`${t("firstContent")} P95`, ({ p95FirstContentMs }) => shownMs(p95FirstContentMs)),
          row(t("inFlight"), ({ inFlight }) => number(inFlight)),
        ]}
      />
    </Card>
  )
}
