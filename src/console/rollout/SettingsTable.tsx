/** The settings in force, with the source of each. */
import type { ComponentChildren } from "preact"
import { type RolloutField, rolloutFields } from "../../domain/RolloutLimits.ts"
import { Badge } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { type Document, type Rule, thresholdNames } from "./RolloutDraft.ts"
import { visible } from "../../domain/PlainText.ts"
import { Table } from "../kit/Table.tsx"

type T = (key: keyof typeof rolloutText, parameters?: Readonly<Record<string, string | number>>) => string

export const Source = ({ source }: { readonly source: Document["sources"][RolloutField] }) => {
  const t = useText(rolloutText)
  if (source.from !== "operator") return <span class="quiet">{t(source.from)}</span>
  return (
    <span class="quiet">
      {t("operator", { by: source.by.userId })}, <Time at={source.at} />
    </span>
  )
}

const conditionsOf = (t: T, when: Rule["when"]): ReadonlyArray<string> => [
  ...(when.agentIds === undefined ? [] : [t("whenAgents", { ids: when.agentIds.join(", ") })]),
  ...(when.needsTools === undefined ? [] : [t(when.needsTools ? "whenTools" : "whenNoTools")]),
  ...(when.minMessageLength === undefined ? [] : [t("whenLeast", { length: when.minMessageLength })]),
  ...(when.maxMessageLength === undefined ? [] : [t("whenMost", { length: when.maxMessageLength })]),
  ...(when.header === undefined ? [] : [t("whenHeader", when.header)]),
  ...(when.languages === undefined ? [] : [t("whenLanguages", { tags: when.languages.join(", ") })]),
]

const Rules = ({ rules }: { readonly rules: ReadonlyArray<Rule> }) => {
  const t = useText(rolloutText)
  return (
    <ol class="rule-list">
      {rules.map((rule) => (
        <li key={rule.name}>
          <strong>{visible(rule.name)}</strong> {rule.enabled === false && <Badge>{t("ruleOff")}</Badge>}
          <div>
            {conditionsOf(t, rule.when).join(" · ")} → <code>{rule.mode}</code>
          </div>
        </li>
      ))}
    </ol>
  )
}

const valueOf = (t: T, field: RolloutField, document: Document): ComponentChildren => {
  switch (field) {
    case "defaultMode":
      return <code>{document.defaultMode}</code>
    case "percentage":
    case "shadowPercentage":
      return `${document[field]}%`
    case "enabledOrgs":
    case "deniedOrgs": {
      const orgs = document[field]
      return orgs.length === 0 ? (
        <span class="quiet">{t("none")}</span>
      ) : (
        <span class="row">
          {orgs.map((org) => (
            <Badge key={org}>{visible(org)}</Badge>
          ))}
        </span>
      )
    }
    case "rules":
      return document.rules.length === 0 ? (
        <span class="quiet">{t("none")}</span>
      ) : (
        <Rules rules={document.rules} />
      )
    case "thresholds":
      return (
        <ul class="plain-list">
          {thresholdNames.map((name) => (
            <li key={name}>
              {t(name)}: {document.thresholds[name]}
            </li>
          ))}
        </ul>
      )
  }
}

export const SettingsTable = ({ document }: { readonly document: Document }) => {
  const t = useText(rolloutText)
  return (
    <Table
      label={t("title")}
      look="settings-table"
      heads={[{ text: t("setting") }, { text: t("value") }, { text: t("source") }]}
    >
      {rolloutFields.map((field) => (
        <tr key={field}>
          <th scope="row">{t(field)}</th>
          <td>{valueOf(t, field, document)}</td>
          <td>
            <Source source={document.sources[field]} />
          </td>
        </tr>
      ))}
    </Table>
  )
}
