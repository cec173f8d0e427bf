import type { AutopilotView } from "../../api/AutopilotApi.ts"
import type { LiveView } from "../../api/LiveView.ts"
import { Notice } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { overruled } from "./Overruled.ts"
import type { Settings } from "./RolloutDraft.ts"

/** The parts of the service that decide before the settings do. Empty if there are none. */
export const OverruledNow = ({
  autopilot,
  live,
  settings,
}: {
  readonly settings: Settings
  readonly live: LiveView | undefined
  readonly autopilot: AutopilotView | null | undefined
}) => {
  const t = useText(rolloutText)
  const found = overruled(settings, live, autopilot)
  if (found.length === 0) return null
  return (
    <Notice tone="warn">
      <div>
        <strong>{t("nowTitle")}</strong>
        <ul class="plain-list">
          {found.map(({ key, parameters, until }) => (
            <li key={`${key} ${parameters?.["org"] ?? ""}`}>
              {t(key, parameters)}{" "}
              {until !== undefined && (
                <>
                  {t("until")} <Time at={until} />.
                </>
              )}
            </li>
          ))}
        </ul>
      </div>
    </Notice>
  )
}
