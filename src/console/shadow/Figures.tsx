/** The parts of a shadow report beside the agreement: scopes, means, verdicts of the judge, cost. */
import type { ComponentChildren } from "preact"
import type { ShadowReport } from "../../api/ShadowApi.ts"
import { Card } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { duration } from "../kit/Time.tsx"
import { shadowText } from "../text/ShadowText.ts"
import { language, useText } from "../text/Text.ts"
import { Table } from "../kit/Table.tsx"

type Report = typeof ShadowReport.Type

const FigureTable = ({
  head,
  label,
  rows,
}: {
  readonly label: string
  readonly head: ReadonlyArray<string>
  /** The first cell of a row is its header. */
  readonly rows: ReadonlyArray<readonly [string, ...ReadonlyArray<ComponentChildren>]>
}) => (
  <Table label={label} heads={head.map((text, place) => ({ text, isNumber: place > 0 }))}>
    {rows.map(([first, ...cells]) => (
      <tr key={first}>
        <th scope="row">{first}</th>
        {cells.map((cell, place) => (
          <td key={head[place + 1]} class="number">
            {cell}
          </td>
        ))}
      </tr>
    ))}
  </Table>
)

export const Scopes = ({ scopes, title }: { readonly title: string; readonly scopes: Report["orgs"] }) => {
  const t = useText(shadowText)
  const differing = (scope: Report["orgs"][number]) =>
    scope.dimensions.filter(({ verdict }) => verdict === "above_noise").map(({ dimension }) => t(dimension))
  return (
    <Card title={title}>
      <FigureTable
        label={title}
        head={[t("scope"), t("pairCount"), "A/A", t("differing")]}
        rows={scopes.map((scope) => [
          scope.id,
          scope.pairs,
          scope.samePairs,
          differing(scope).join(", ") || t("nothing"),
        ])}
      />
    </Card>
  )
}

const modes = ["runtime_orchestrator", "direct_llm"] as const

const Judged = ({ judged }: { readonly judged: Report["judged"] }) => {
  const t = useText(shadowText)
  const sum = Object.values(judged).reduce((total, count) => total + count, 0)
  if (sum === 0) return <p class="quiet">{t("judgedNone")}</p>
  return (
    <p>
      {modes.map((mode) => (
        <span key={mode}>
          {t("better", { mode })}: {judged[mode]} ·{" "}
        </span>
      ))}
      {t("equal")}: {judged.equal} · {t("unclear")}: {judged.unclear}
    </p>
  )
}

export const Means = ({ report: { judged, means } }: { readonly report: Report }) => {
  const t = useText(shadowText)
  const tag = useStore(language)
  const number = (value: number | null) => (value === null ? "–" : new Intl.NumberFormat(tag).format(value))
  const time = (value: number | null) => (value === null ? "–" : duration(value))
  return (
    <Card title={t("means")}>
      <FigureTable
        label={t("means")}
        head={[t("mode"), t("firstContent"), t("total"), t("tokens"), t("characters")]}
        rows={modes.map((mode) => {
          const { firstContentMs, length, tokens, totalMs } = means[mode]
          return [mode, time(firstContentMs), time(totalMs), number(tokens), number(length)]
        })}
      />
      <h3>{t("judged")}</h3>
      <Judged judged={judged} />
    </Card>
  )
}

/** The runs with their cost; skipped ones have none. */
export const Costs = ({ ledger }: { readonly ledger: Report["ledger"] }) => {
  const t = useText(shadowText)
  const tag = useStore(language)
  const number = (value: number) => new Intl.NumberFormat(tag).format(value)
  return (
    <Card title={t("ledger")}>
      {ledger.length === 0 ? (
        <p class="quiet">{t("ledgerNone")}</p>
      ) : (
        <FigureTable
          label={t("ledger")}
          head={[`${t("mode")} · ${t("ending")}`, t("runs"), t("tokens"), t("estimated")]}
          rows={ledger.map(({ ending, estimatedTokens, mode, runs, tokens }) => [
            `${mode} · ${ending}`,
            number(runs),
            number(tokens),
            number(estimatedTokens),
          ])}
        />
      )}
    </Card>
  )
}
