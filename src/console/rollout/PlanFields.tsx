/** The inputs of a plan. */
import { Entry, useProblem } from "../kit/Entry.tsx"
import { Button } from "../kit/Kit.tsx"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import { marginNames, type PlanDraft, type StepDraft } from "./PlanDraft.ts"
import type { Problem } from "../kit/Inputs.ts"

interface PlanProps {
  readonly draft: PlanDraft
  readonly change: (draft: PlanDraft) => void
  readonly problems: ReadonlyArray<Problem>
}

const Text = ({
  isHeaded = false,
  label,
  problem,
  set,
  value,
}: {
  /** The header of the column shows the label. */
  readonly isHeaded?: boolean
  readonly label: string
  readonly value: string
  readonly problem: string | undefined
  readonly set: (value: string) => void
}) => (
  <Entry label={label} isHeaded={isHeaded} problem={problem}>
    {(attributes) => (
      <input
        {...attributes}
        value={value}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    )}
  </Entry>
)

const Step = ({
  place,
  problem,
  put,
  remove,
  step,
}: {
  readonly place: number
  readonly step: StepDraft
  readonly problem: (name: "percentage" | "holdMs") => string | undefined
  readonly put: (fields: Partial<StepDraft>) => void
  readonly remove: (() => void) | undefined
}) => {
  const t = useText(autopilotText)
  return (
    <tr>
      <th scope="row">{place}</th>
      <td>
        <Text
          isHeaded
          label={t("stepPercentage", { place })}
          value={step.percentage}
          problem={problem("percentage")}
          set={(percentage) => put({ percentage })}
        />
      </td>
      <td>
        <Text
          isHeaded
          label={t("stepHold", { place })}
          value={step.hold}
          problem={problem("holdMs")}
          set={(hold) => put({ hold })}
        />
      </td>
      <td>
        {remove !== undefined && (
          <Button look="bare" aria-label={t("removeStep", { place })} onClick={remove}>
            ✕
          </Button>
        )}
      </td>
    </tr>
  )
}

const Steps = ({ change, draft, problems }: PlanProps) => {
  const t = useText(autopilotText)
  const problem = useProblem(problems)
  const { steps } = draft
  const set = (next: ReadonlyArray<StepDraft>) => change({ ...draft, steps: next })
  return (
    <fieldset>
      <legend>{t("steps")}</legend>
      <p class="quiet">{t("durations")}</p>
      <table class="plan-steps">
        <thead>
          <tr class="field-label">
            <th scope="col">{t("step")}</th>
            <th scope="col">{t("percentage")}</th>
            <th scope="col">{t("holdTime")}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {steps.map((step, index) => (
            // A step has no other identity than its place.
            <Step
              key={index}
              place={index + 1}
              step={step}
              problem={(name) => problem(`steps.${index}.${name}`)}
              put={(fields) => set(steps.with(index, { ...step, ...fields }))}
              remove={steps.length > 1 ? () => set(steps.toSpliced(index, 1)) : undefined}
            />
          ))}
        </tbody>
      </table>
      <p>
        <Button onClick={() => set([...steps, { percentage: "", hold: "1h" }])}>{t("addStep")}</Button>
      </p>
    </fieldset>
  )
}

const Margins = ({ change, draft, problems }: PlanProps) => {
  const t = useText(autopilotText)
  const problem = useProblem(problems)
  return (
    <fieldset>
      <legend>{t("margins")}</legend>
      <p class="quiet">{t("marginsHelp")}</p>
      <div class="entry-grid">
        {marginNames.map((name) => (
          <Text
            key={name}
            label={t(`${name}Margin`)}
            value={draft.margins[name]}
            problem={problem(`margins.${name}`)}
            set={(value) => change({ ...draft, margins: { ...draft.margins, [name]: value } })}
          />
        ))}
      </div>
    </fieldset>
  )
}

export const PlanFields = (plan: PlanProps) => {
  const t = useText(autopilotText)
  const { change, draft, problems } = plan
  const problem = useProblem(problems)
  return (
    <div class="plan-fields">
      <Steps {...plan} />
      <Margins {...plan} />
      <div class="entry-grid">
        <Text
          label={t("retries")}
          value={draft.retries}
          problem={problem("retries")}
          set={(retries) => change({ ...draft, retries })}
        />
        <Text
          label={t("coolDown")}
          value={draft.coolDown}
          problem={problem("coolDownMs")}
          set={(coolDown) => change({ ...draft, coolDown })}
        />
      </div>
      <p>
        <label class="row check">
          <input
            type="checkbox"
            checked={draft.autoApprove}
            onChange={({ currentTarget }) => change({ ...draft, autoApprove: currentTarget.checked })}
          />
          {t("autoApprove")}
        </label>
      </p>
    </div>
  )
}
