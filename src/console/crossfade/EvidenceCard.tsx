import type { LiveView } from "../../api/LiveView.ts"
import { Card } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { duration } from "../kit/Time.tsx"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { percent } from "../text/HeadlineText.ts"
import { language, useText } from "../text/Text.ts"
import { Rows } from "./Rows.tsx"

const Gauge = ({ label, limit, value }: { readonly label: string; readonly value: number; readonly limit: number }) => (
  <label class="gauge">
    <span>
      {label}: <b>{`${Math.round(value * 10) / 10} / ${limit}`}</b>
    </span>
    <meter min={0} max={limit} low={limit / 4} high={limit / 2} optimum={0} value={Math.min(value, limit)} />
  </label>
)

/** The counters that open the breaker, and the organisations that filled them. */
export const EvidenceCard = ({ view }: { readonly view: LiveView }) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const { breaker, evidence, thresholds } = view
  return (
    <Card title={t("evidence")}>
      <Gauge label={t("evidenceFaults")} value={breaker.evidence.faults} limit={breaker.evidence.limit} />
      <Gauge label={t("evidenceTimeouts")} value={evidence.timeouts} limit={evidence.timeoutLimit} />
      <Rows
        label={t("evidenceOrgs")}
        heads={[t("organisation"), t("faults")]}
        empty={t("noEvidence")}
        rows={evidence.orgs.map(({ added, orgId }) => ({
          key: orgId,
          cells: [orgId, `${Math.round(added * 100) / 100}`],
        }))}
      />
      <p class="quiet">
        {t("evidenceHelp", {
          limit: breaker.evidence.limit,
          errors: percent(thresholds.errorRate, tag),
          timeouts: percent(thresholds.timeoutRate, tag),
          latency: duration(thresholds.meanLatencyMs),
          samples: thresholds.minSamples,
        })}
      </p>
    </Card>
  )
}
