import { useState } from "preact/hooks"
import { Button, Field } from "../kit/Kit.tsx"
import { shadowText } from "../text/ShadowText.ts"
import { useText } from "../text/Text.ts"

const hour = 3_600_000
export const periods = { hour, day: 24 * hour, week: 7 * 24 * hour, month: 30 * 24 * hour } as const
type Period = keyof typeof periods
const periodNames = ["hour", "day", "week", "month"] as const

export interface Filter {
  /** Empty: all. */
  readonly org: string
  readonly agent: string
  readonly period: Period
}

export const queryOf = ({ agent, org, period }: Filter, now: number): URLSearchParams =>
  new URLSearchParams({
    since: String(now - periods[period]),
    ...(org === "" ? {} : { orgId: org }),
    ...(agent === "" ? {} : { agentId: agent }),
  })

/** The texts apply on Enter or with the button, so that no report is read for half a name. */
export const Filters = ({
  apply,
  filter,
}: {
  readonly filter: Filter
  readonly apply: (filter: Filter) => void
}) => {
  const t = useText(shadowText)
  const [draft, setDraft] = useState(filter)
  const submit = (event: Event) => {
    event.preventDefault()
    apply({ ...draft, org: draft.org.trim(), agent: draft.agent.trim() })
  }
  return (
    <form class="shadow-filters" onSubmit={submit}>
      <Field label={t("since")}>
        <select
          value={draft.period}
          onChange={({ currentTarget }) => {
            const period = periodNames.find((name) => name === currentTarget.value) ?? "week"
            setDraft({ ...draft, period })
            apply({ ...filter, period })
          }}
        >
          {periodNames.map((name) => (
            <option key={name} value={name}>
              {t(name)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("org")}>
        <input
          value={draft.org}
          onInput={({ currentTarget }) => setDraft({ ...draft, org: currentTarget.value })}
        />
      </Field>
      <Field label={t("agent")}>
        <input
          value={draft.agent}
          spellcheck={false}
          onInput={({ currentTarget }) => setDraft({ ...draft, agent: currentTarget.value })}
        />
      </Field>
      <Button type="submit">{t("apply")}</Button>
    </form>
  )
}
