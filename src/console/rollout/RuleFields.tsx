/** The rules by request: add, remove, order, and the conditions of each. */
import { Entry, useProblem } from "../kit/Entry.tsx"
import { Button } from "../kit/Kit.tsx"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { emptyRule, type RuleDraft } from "./RolloutDraft.ts"
import { type FormProps, ModeSelect } from "./FormParts.tsx"

type TextName =
  | "minMessageLength"
  | "maxMessageLength"
  | "headerName"
  | "headerValue"
  | "agentIds"
  | "languages"

/** The paths of the API. */
const texts: ReadonlyArray<readonly [name: TextName, path: string]> = [
  ["minMessageLength", "when.minMessageLength"],
  ["maxMessageLength", "when.maxMessageLength"],
  ["headerName", "when.header.name"],
  ["headerValue", "when.header.value"],
  ["languages", "when.languages"],
  ["agentIds", "when.agentIds"],
]

interface RuleProps extends Pick<FormProps, "problems"> {
  readonly rule: RuleDraft
  readonly place: number
  readonly change: (rule: RuleDraft) => void
}

const Conditions = ({ change, place, problems, rule }: RuleProps) => {
  const t = useText(rolloutText)
  const problem = useProblem(problems)
  const path = `rules.${place}`
  return (
    <>
      <p class="quiet">{t("conditions")}</p>
      <div class="entry-grid">
        <Entry
          label={t("needsTools")}
          problem={problem(`${path}.when`) ?? problem(`${path}.when.needsTools`)}
        >
          {(attributes) => (
            <select
              {...attributes}
              value={rule.needsTools}
              onChange={({ currentTarget: { value } }) =>
                change({ ...rule, needsTools: value === "yes" || value === "no" ? value : "" })
              }
            >
              <option value="">{t("any")}</option>
              <option value="yes">{t("yes")}</option>
              <option value="no">{t("no")}</option>
            </select>
          )}
        </Entry>
        {texts.map(([name, at]) => (
          <Entry key={name} label={t(name)} problem={problem(`${path}.${at}`, { within: true })}>
            {(attributes) => (
              <input
                {...attributes}
                spellcheck={false}
                value={rule[name]}
                onInput={({ currentTarget }) => change({ ...rule, [name]: currentTarget.value })}
              />
            )}
          </Entry>
        ))}
      </div>
    </>
  )
}

const RuleHead = ({ change, place, problems, rule }: RuleProps) => {
  const t = useText(rolloutText)
  const problem = useProblem(problems)
  return (
    <div class="entry-grid">
      <Entry label={t("ruleName")} problem={problem(`rules.${place}.name`)}>
        {(attributes) => (
          <input
            {...attributes}
            value={rule.name}
            onInput={({ currentTarget }) => change({ ...rule, name: currentTarget.value })}
          />
        )}
      </Entry>
      <Entry label={t("ruleMode")} problem={problem(`rules.${place}.mode`)}>
        {(attributes) => (
          <ModeSelect attributes={attributes} mode={rule.mode} choose={(mode) => change({ ...rule, mode })} />
        )}
      </Entry>
      <label class="row check">
        <input
          type="checkbox"
          checked={rule.enabled}
          onChange={({ currentTarget }) => change({ ...rule, enabled: currentTarget.checked })}
        />
        {t("ruleEnabled")}
      </label>
    </div>
  )
}

/** The list with the rule at `from` before the place `to`. */
const moved = (rules: ReadonlyArray<RuleDraft>, from: number, to: number): ReadonlyArray<RuleDraft> => {
  const others = rules.filter((_, place) => place !== from)
  return others.toSpliced(to, 0, ...rules.slice(from, from + 1))
}

const RuleButtons = ({
  change,
  count,
  place,
  rules,
}: {
  readonly rules: ReadonlyArray<RuleDraft>
  readonly place: number
  readonly count: number
  readonly change: (rules: ReadonlyArray<RuleDraft>) => void
}) => {
  const t = useText(rolloutText)
  const shown = place + 1
  return (
    <div class="row end">
      <Button
        look="bare"
        aria-label={t("moveUp", { place: shown })}
        disabled={place === 0}
        onClick={() => change(moved(rules, place, place - 1))}
      >
        ↑
      </Button>
      <Button
        look="bare"
        aria-label={t("moveDown", { place: shown })}
        disabled={shown === count}
        onClick={() => change(moved(rules, place, place + 1))}
      >
        ↓
      </Button>
      <Button look="bare" onClick={() => change(rules.toSpliced(place, 1))}>
        {t("removeRule", { place: shown })}
      </Button>
    </div>
  )
}

export const RuleFields = ({ change, draft, problems }: FormProps) => {
  const t = useText(rolloutText)
  const problem = useProblem(problems)
  const { rules } = draft
  const set = (next: ReadonlyArray<RuleDraft>) => change({ ...draft, rules: next })
  const nextKey = Math.max(-1, ...rules.map(({ key }) => key)) + 1
  const tooMany = problem("rules")
  return (
    <fieldset>
      <legend>{t("rules")}</legend>
      <p class="quiet">{t("rulesHelp")}</p>
      {tooMany !== undefined && <p class="entry-problem">{tooMany}</p>}
      {rules.map((rule, place) => {
        const one = { rule, place, problems, change: (next: RuleDraft) => set(rules.with(place, next)) }
        return (
          <fieldset key={rule.key}>
            <legend>{t("rule", { place: place + 1 })}</legend>
            <RuleHead {...one} />
            <Conditions {...one} />
            <RuleButtons rules={rules} place={place} count={rules.length} change={set} />
          </fieldset>
        )
      })}
      <p>
        <Button onClick={() => set([...rules, emptyRule(nextKey)])}>{t("addRule")}</Button>
      </p>
    </fieldset>
  )
}
