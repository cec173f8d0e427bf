/** The inputs of a plan. */
import { Entry } from "../kit/Entry.tsx"
import { Button } from "../kit/Kit.tsx"
import { autopilotText } from "../text/AutopilotText.ts"
import { useText } from "../text/Text.ts"
import { useProblem } from "./FormParts.tsx"
import { marginNames, type PlanDraft, type StepDraft } from "./PlanDraft.ts"
import type { Problem } from "./Problems.ts"

interface PlanProps {
  readonly draft: PlanDraft
  readonly change: (draft: PlanDraft) => void
  readonly problems: ReadonlyArray<Problem>
}

const Text = ({
  label,
  problem,
  set,
  value,
}: {
  readonly label: string
  readonly value: string
  readonly problem: string | undefined
  readonly set: (value: string) => void
}) => (
  <Entry label={label} problem={problem}>
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

const Steps = ({ change, draft, problems }: PlanProps) => {
  const t = useText(autopilotText)
  const problem = useProblem(problems)
  const { steps } = draft
  const set = (next: ReadonlyArray<StepDraft>) => change({ ...draft, steps: next })
  return (
    <fieldset>
      <legend>{t("steps")}</legend>
      <p class="quiet">{t("durations")}</p>
      {steps.map((step, index) => {
        const place = index + 1
        const put = (fields: Partial<StepDraft>) => set(steps.with(index, { ...step, ...fields }))
        return (
          // A step has no other identity than its place.
          <div class="entry-grid" key={place}>
            <Text
              label={t("stepPercentage", { place })}
              value={step.percentage}
              problem={problem(`steps.${index}.percentage`)}
              set={(percentage) => put({ percentage })}
            />
            <Text
              label={t("stepHold", { place })}
              value={step.hold}
              problem={problem(`steps.${index}.holdMs`)}
              set={(hold) => put({ hold })}
            />
            {steps.length > 1 && (
              <Button look="bare" class="remove-step" onClick={() => set(steps.toSpliced(index, 1))}>
                {t("removeStep", { place })}
              </Button>
            )}
          </div>
        )
      })}
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
