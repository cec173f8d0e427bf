import type { AutopilotView } from "../../api/AutopilotApi.ts"
import { Time } from "../kit/Time.tsx"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import { JudgementBadge, VerdictShown } from "./VerdictShown.tsx"
import { visible } from "../../domain/PlainText.ts"

type Stay = AutopilotView["history"][number]

const StayShown = ({ stay }: { readonly stay: Stay }) => {
  const t = useText(autopilotText)
  return (
    <li>
      <div class="row">
        <strong>{stay.percentage}%</strong>
        <span class="quiet">
          <Time at={stay.from} /> – <Time at={stay.to} />
        </span>
        {stay.verdict !== null && <JudgementBadge judgement={stay.verdict.judgement} />}
        <span lang="en">{visible(stay.reason)}</span>
      </div>
      {stay.verdict !== null && (
        <details>
          <summary>{t("numbers")}</summary>
          <VerdictShown verdict={stay.verdict} />
        </details>
      )}
    </li>
  )
}

/** The finished stays at a percentage, newest first. */
export const History = ({ view }: { readonly view: AutopilotView }) => {
  const t = useText(autopilotText)
  if (view.history.length === 0) return <p class="quiet">{t("historyNone")}</p>
  return (
    <ol class="plain-list lined">
      {view.history.toReversed().map((stay) => (
        <StayShown key={stay.from} stay={stay} />
      ))}
    </ol>
  )
}
