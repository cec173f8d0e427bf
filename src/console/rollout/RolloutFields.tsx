/** The inputs of all settings. */
import type { ComponentChildren } from "preact"
import type { RolloutField } from "../../domain/RolloutLimits.ts"
import { Entry, useProblem } from "../kit/Entry.tsx"
import { Button } from "../kit/Kit.tsx"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { type FormProps, ModeSelect } from "./FormParts.tsx"
import { thresholdNames } from "./RolloutDraft.ts"
import { RuleFields } from "./RuleFields.tsx"
import { Source } from "./SettingsTable.tsx"

/** Returns a field of an operator to the environment, and takes it back. */
const Return = ({ base, change, draft, field }: FormProps & { readonly field: RolloutField }) => {
  const t = useText(rolloutText)
  if (base.sources[field].from !== "operator") return null
  const isReturned = draft.returned.includes(field)
  const label = t(isReturned ? "keepOwn" : "return")
  const toggle = () =>
    change({
      ...draft,
      returned: isReturned ? draft.returned.filter((one) => one !== field) : [...draft.returned, field],
    })
  return (
    <Button aria-label={`${label}: ${t(field)}`} onClick={toggle}>
      {label}
    </Button>
  )
}

/** The source and the input of one setting; without an input while it returns to the environment. */
const Setting = ({
  children,
  field,
  ...form
}: FormProps & {
  readonly field: RolloutField
  readonly children: ComponentChildren
}) => {
  const t = useText(rolloutText)
  return (
    <div class="setting">
      {form.draft.returned.includes(field) ? (
        <p>
          <strong>{t(field)}</strong>: {t("returned")}
        </p>
      ) : (
        children
      )}
      <div class="row setting-foot">
        <Source source={form.base.sources[field]} />
        <Return field={field} {...form} />
      </div>
    </div>
  )
}

const Percent = ({ field, ...form }: FormProps & { readonly field: "percentage" | "shadowPercentage" }) => {
  const t = useText(rolloutText)
  const problem = useProblem(form.problems)
  return (
    <Setting field={field} {...form}>
      <Entry label={t(field)} help={t(`${field}Help`)} problem={problem(field)}>
        {(attributes) => (
          <span class="row">
            <input
              {...attributes}
              class="short"
              inputMode="decimal"
              value={form.draft[field]}
              onInput={({ currentTarget }) => form.change({ ...form.draft, [field]: currentTarget.value })}
            />
            %
          </span>
        )}
      </Entry>
    </Setting>
  )
}

const Orgs = ({ field, ...form }: FormProps & { readonly field: "enabledOrgs" | "deniedOrgs" }) => {
  const t = useText(rolloutText)
  const problem = useProblem(form.problems)
  return (
    <Setting field={field} {...form}>
      <Entry label={t(field)} help={t(`${field}Help`)} problem={problem(field, { within: true })}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            spellcheck={false}
            value={form.draft[field]}
            onInput={({ currentTarget }) => form.change({ ...form.draft, [field]: currentTarget.value })}
          />
        )}
      </Entry>
    </Setting>
  )
}

const Thresholds = (form: FormProps) => {
  const t = useText(rolloutText)
  const problem = useProblem(form.problems)
  const { change, draft } = form
  return (
    <Setting field="thresholds" {...form}>
      <fieldset>
        <legend>{t("thresholds")}</legend>
        <p class="quiet">{t("thresholdsHelp")}</p>
        <div class="entry-grid">
          {thresholdNames.map((name) => (
            <Entry key={name} label={t(name)} problem={problem(`thresholds.${name}`)}>
              {(attributes) => (
                <input
                  {...attributes}
                  inputMode="decimal"
                  value={draft.thresholds[name]}
                  onInput={({ currentTarget }) =>
                    change({ ...draft, thresholds: { ...draft.thresholds, [name]: currentTarget.value } })
                  }
                />
              )}
            </Entry>
          ))}
        </div>
      </fieldset>
    </Setting>
  )
}

export const RolloutFields = (form: FormProps) => {
  const t = useText(rolloutText)
  const { change, draft } = form
  const problem = useProblem(form.problems)
  return (
    <div class="stack">
      <Setting field="defaultMode" {...form}>
        <Entry label={t("defaultMode")} help={t("defaultModeHelp")} problem={problem("defaultMode")}>
          {(attributes) => (
            <ModeSelect
              attributes={attributes}
              mode={draft.defaultMode}
              choose={(defaultMode) => change({ ...draft, defaultMode })}
            />
          )}
        </Entry>
      </Setting>
      <Percent field="percentage" {...form} />
      <Orgs field="enabledOrgs" {...form} />
      <Orgs field="deniedOrgs" {...form} />
      <Setting field="rules" {...form}>
        <RuleFields {...form} />
      </Setting>
      <Percent field="shadowPercentage" {...form} />
      <Thresholds {...form} />
    </div>
  )
}
