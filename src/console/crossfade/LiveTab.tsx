/** The live tab: the truth in one sentence, then the charts, the figures and the lists behind it. */
import { useMemo } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { headlineOf } from "../../domain/Headline.ts"
import { Card, Loading, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import type { Chart } from "../kit/Chart.ts"
import { TimeChart } from "../kit/TimeChart.tsx"
import { useLive } from "../service/LiveFeed.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { headlineSentence } from "../text/HeadlineText.ts"
import { language, useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { BreakerActions } from "./BreakerActions.tsx"
import { chartsOf } from "./ChartData.ts"
import { EvidenceCard } from "./EvidenceCard.tsx"
import { FiguresCard } from "./FiguresCard.tsx"
import { DecisionsCards, FallbacksCard, ProvidersCard, RefusalsCard } from "./LiveLists.tsx"
import { OrgsCard } from "./OrgsCard.tsx"
import { useSeries } from "./SeriesFeed.ts"
import { TransitionsCard } from "./TransitionsCard.tsx"

const Headline = ({ view }: { readonly view: LiveView }) => {
  const tag = useStore(language)
  const { main, notes, tone } = headlineOf(view)
  // A screen reader reads the sentence when the situation changes, not with each second of its countdown.
  const spoken = useMemo(() => headlineSentence(main, tag), [main.text, tag])
  return (
    <div class={`headline ${tone}`}>
      <p class="visually-hidden" role="status">
        {spoken}
      </p>
      <p class="headline-main">{headlineSentence(main, tag)}</p>
      {notes.map((note) => (
        <p key={note.text}>{headlineSentence(note, tag)}</p>
      ))}
    </div>
  )
}

const replicaTexts = { none: "replicaAlone", joined: "replicaJoined", lost: "replicaLost" } as const

/** The bands in words, oldest first. */
const bandsText = (chart: Chart | undefined, none: string): string => {
  const clock = (at: number) => new Date(at).toLocaleTimeString(chart?.tag)
  const bands = chart?.bands.map(({ from, label, to }) => `${label} ${clock(from)} – ${clock(to)}`) ?? []
  return bands.length === 0 ? none : bands.join(", ")
}

const Charts = ({ live }: { readonly live: ReturnType<typeof useLive> & { readonly view: LiveView } }) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const points = useSeries(live)
  const { notifications, thresholds, transitions } = live.view
  const changes = JSON.stringify([thresholds, transitions[0]?.at, notifications[0]?.id])
  const charts = useMemo(() => chartsOf(live.view, points, t, tag), [points, tag, changes])
  return (
    <Card title={t("charts")}>
      <div class="charts">
        {charts.map((chart) => (
          <TimeChart key={chart.title} chart={chart} />
        ))}
      </div>
      <p>{t("breakerThen", { bands: bandsText(charts[0], t("breakerClosed")) })}</p>
      <p class="quiet">{t("chartsHelp")}</p>
    </Card>
  )
}

const LiveTab = ({ account }: ViewProps) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const live = useLive()
  const { lost, view } = live
  if (view === undefined)
    return lost === undefined ? (
      <Loading />
    ) : (
      <Notice tone="bad" alert>
        {lost}
      </Notice>
    )
  return (
    <>
      {lost !== undefined && (
        <Notice tone="bad" alert>
          {t("lost", { reason: lost, time: new Date(view.at).toLocaleTimeString(tag) })}
        </Notice>
      )}
      <div class={lost === undefined ? "live" : "live stale"}>
        <section class="card now" aria-label={t("now")}>
          <Headline view={view} />
          <BreakerActions account={account} view={view} />
          <p class="quiet">{t(replicaTexts[view.fleet], { replica: view.replica })}</p>
        </section>
        <Charts live={{ ...live, view }} />
        <FiguresCard view={view} />
        <EvidenceCard view={view} />
        <OrgsCard account={account} view={view} />
        <DecisionsCards view={view} />
        <FallbacksCard view={view} />
        <div class="stack">
          <ProvidersCard view={view} />
          <RefusalsCard view={view} />
        </div>
        <TransitionsCard view={view} />
      </div>
    </>
  )
}

export default LiveTab
