/** The lists of the live tab that come with each view. */
import type { LiveView } from "../../api/LiveView.ts"
import { Badge, Card } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { Time } from "../kit/Time.tsx"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { percent } from "../text/HeadlineText.ts"
import { language, useText } from "../text/Text.ts"
import { Rows, RunLink } from "./Rows.tsx"

interface Props {
  readonly view: LiveView
}

const ByReason = ({ view }: Props) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const { counts, windowMs } = view.decisionCounts
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  return (
    <Card title={`${t("decisionsByReason")} · ${t("window", { minutes: windowMs / 60_000 })}`}>
      <Rows
        label={t("decisionsByReason")}
        heads={[t("reason"), t("mode"), t("count"), t("share")]}
        empty={t("noDecisions")}
        rows={counts.map(({ count, mode, reason }) => ({
          key: `${mode} ${reason}`,
          cells: [<code>{reason}</code>, t(mode), count, percent(count / total, tag)],
        }))}
      />
    </Card>
  )
}

export const DecisionsCards = ({ view }: Props) => {
  const t = useText(crossfadeText)
  return (
    <>
      <ByReason view={view} />
      <Card title={t("lastDecisions")}>
        <Rows
          label={t("lastDecisions")}
          heads={[t("time"), t("organisation"), t("mode"), t("reason"), t("run")]}
          empty={t("noDecisions")}
          rows={view.decisions.map(({ at, mode, orgId, reason, runId }) => ({
            key: runId,
            cells: [<Time at={at} />, orgId, t(mode), <code>{reason}</code>, <RunLink id={runId} />],
          }))}
        />
      </Card>
    </>
  )
}

export const FallbacksCard = ({ view }: Props) => {
  const t = useText(crossfadeText)
  return (
    <Card title={t("fallbacks")}>
      <Rows
        label={t("fallbacks")}
        heads={[t("time"), t("organisation"), t("change"), t("code"), t("run")]}
        empty={t("noFallbacks")}
        rows={view.fallbacks.map(({ at, code, from, orgId, runId, to }) => ({
          key: `${runId} ${at}`,
          cells: [
            <Time at={at} />,
            orgId,
            <span class="whole">{`${t(from)} → ${t(to)}`}</span>,
            <code>{code}</code>,
            <RunLink id={runId} />,
          ],
        }))}
      />
    </Card>
  )
}

export const ProvidersCard = ({ view }: Props) => {
  const t = useText(crossfadeText)
  return (
    <Card title={t("providers")}>
      <Rows
        label={t("providers")}
        heads={[t("provider"), t("state"), t("faults"), t("since"), t("nextProbe"), t("reason")]}
        empty={t("noProviders")}
        rows={view.providers.map(({ evidence, name, nextProbeAt, reason, since, state }) => ({
          key: name,
          cells: [
            name,
            <Badge tone={state === "closed" ? "good" : "bad"}>{t(state)}</Badge>,
            `${Math.round(evidence.faults * 10) / 10} / ${evidence.limit}`,
            <Time at={since} />,
            nextProbeAt === null ? "–" : <Time at={nextProbeAt} />,
            reason === "" ? "–" : reason,
          ],
        }))}
      />
    </Card>
  )
}

export const RefusalsCard = ({ view }: Props) => {
  const t = useText(crossfadeText)
  return (
    <Card title={t("refusals")}>
      <Rows
        label={t("refusals")}
        heads={[t("agent"), t("organisation"), t("target"), t("count"), t("time"), t("failure")]}
        empty={t("noRefusals")}
        rows={view.refusals.map(({ agentId, count, failure, lastAt, orgId, target }) => ({
          key: `${orgId} ${agentId} ${target}`,
          cells: [<code>{agentId}</code>, orgId, target, count, <Time at={lastAt} />, failure],
        }))}
      />
    </Card>
  )
}
