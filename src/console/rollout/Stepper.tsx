import type { AutopilotView } from "../../api/AutopilotApi.ts"
import { Time } from "../kit/Time.tsx"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import { typedDuration } from "../../domain/Duration.ts"
import { stepsOf } from "./Progress.ts"

const marks = { done: "✓", present: "●", ahead: "○" } as const

const Next = ({ view: { next, status } }: { readonly view: AutopilotView }) => {
  const t = useText(autopilotText)
  if (next === null) return <p class="quiet">{t("noNext")}</p>
  const { notBefore, percentage } = next
  if (status === "paused") return null
  return notBefore <= Date.now() ? (
    <p>{t("holdOver", { percentage })}</p>
  ) : (
    <p>
      {t("nextStep", { percentage })} <Time at={notBefore} /> (<Time at={notBefore} ago />)
    </p>
  )
}

/** The percentages of the plan in order, and the earliest time of the next one. */
export const Stepper = ({ view }: { readonly view: AutopilotView }) => {
  const t = useText(autopilotText)
  return (
    <>
      <ol class="stepper" aria-label={t("steps")}>
        {stepsOf(view).map(({ holdMs, percentage, state }) => (
          <li key={percentage} class={state} {...(state === "present" ? { "aria-current": "step" } : {})}>
            <span aria-hidden="true">{marks[state]}</span> <strong>{percentage}%</strong>
            <span class="quiet">
              {t(state)}
              {holdMs > 0 && ` · ${t("hold", { time: typedDuration(holdMs) })}`}
            </span>
          </li>
        ))}
      </ol>
      <Next view={view} />
    </>
  )
}
