/** The organisations whose own breaker or override decides, each with its sentence. */
import { useState } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { headlineOf } from "../../domain/Headline.ts"
import { Badge, Card } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { Time } from "../kit/Time.tsx"
import type { Account } from "../service/Access.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { headlineSentence } from "../text/HeadlineText.ts"
import { language, useText } from "../text/Text.ts"
import { BreakerActions } from "./BreakerActions.tsx"
import { Rows } from "./Rows.tsx"

interface Props {
  readonly account: Account
  readonly view: LiveView
}

const OrgTable = ({ account, view, wanted }: Props & { readonly wanted: string }) => {
  const t = useText(crossfadeText)
  const tag = useStore(language)
  const found = view.orgs.filter(({ orgId }) => orgId.toLowerCase().includes(wanted.trim().toLowerCase()))
  return (
    <Rows
      label={t("orgs")}
      heads={[t("organisation"), t("state"), t("faults"), t("since"), t("now"), t("actions")]}
      empty={view.orgs.length === 0 ? t("noOrgs") : t("noMatch")}
      rows={found.map((org) => ({
        key: org.orgId,
        cells: [
          org.orgId,
          <Badge tone={org.state === "forced_runtime" ? "info" : "bad"}>{t(org.state)}</Badge>,
          `${Math.round(org.evidence.faults * 10) / 10} / ${org.evidence.limit}`,
          <Time at={org.since} />,
          <span class="org-line">{headlineSentence(headlineOf(view, org.orgId).main, tag)}</span>,
          <BreakerActions account={account} view={view} org={org} />,
        ],
      }))}
    />
  )
}

export const OrgsCard = (props: Props) => {
  const t = useText(crossfadeText)
  const [wanted, setWanted] = useState("")
  return (
    <Card
      title={t("orgs")}
      actions={
        props.view.orgs.length > 0 && (
          <input
            type="search"
            aria-label={t("findOrg")}
            placeholder={t("findOrg")}
            value={wanted}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        )
      }
    >
      <OrgTable {...props} wanted={wanted} />
    </Card>
  )
}
