/** The rules that chose the mode, in the order in which they were looked at. */
import { Badge, Card } from "../kit/Kit.tsx"
import { runText, type RunTextKey } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import type { RunFacts } from "./RunFacts.ts"
import { useWord } from "./Words.tsx"
import { visible } from "../../domain/PlainText.ts"

type Decision = RunFacts["decision"]

const rules = [
  "forced",
  "denied_orgs",
  "requested",
  "enabled_orgs",
  "percentage",
  "default_mode",
  "interrupt",
  "attachments",
  "configured",
  "breaker",
] as const satisfies ReadonlyArray<RunTextKey>

const meaningOf = (rule: string): RunTextKey | undefined =>
  rule.startsWith("rule:") ? "ownRule" : rules.find((known) => known === rule)

const Rule = ({ rule: { decided, result, rule } }: { readonly rule: Decision["rules"][number] }) => {
  const t = useText(runText)
  const meaning = meaningOf(rule)
  return (
    <tr class={decided ? "decided" : undefined}>
      <th scope="row">
        <code>{visible(rule)}</code>
        {meaning !== undefined && <span class="quiet meaning">{t(meaning)}</span>}
      </th>
      <td>{visible(result)}</td>
      <td>
        {decided ? <Badge tone="info">✓ {t("decides")}</Badge> : <span class="quiet">{t("noMatch")}</span>}
      </td>
    </tr>
  )
}

export const DecisionCard = ({ decision }: { readonly decision: Decision }) => {
  const t = useText(runText)
  const word = useWord()
  const [first = "", ...rest] = decision.order.map(word)
  const order = rest.length === 0 ? first : t("thenFallback", { first, rest: rest.join(", ") })
  return (
    <Card title={t("decision")}>
      <p>{t("decided", { order, reason: decision.reason })}</p>
      {decision.probe && <p>{t("probe")}</p>}
      {decision.cohort !== undefined && <p>{t("cohort", { cohort: decision.cohort })}</p>}
      {decision.shadow !== undefined && <p>{t("shadow", { mode: word(decision.shadow) })}</p>}
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("rulesInOrder")}>
        <table class="data rules">
          <caption class="visually-hidden">{t("rulesInOrder")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("rule")}</th>
              <th scope="col">{t("finding")}</th>
              <th scope="col">{t("effect")}</th>
            </tr>
          </thead>
          <tbody>
            {decision.rules.map((rule, index) => (
              <Rule key={index} rule={rule} />
            ))}
          </tbody>
        </table>
      </div>
      {decision.rules.every(({ rule }) => rule !== "default_mode") && <p class="quiet">{t("laterRules")}</p>}
    </Card>
  )
}
