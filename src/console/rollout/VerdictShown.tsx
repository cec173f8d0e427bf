/** A verdict in words and numbers: cohorts, check of the sample ratio, guardrails with their intervals. */
import type { AutopilotVerdict, GuardrailVerdict, Judgement } from "../../domain/Autopilot.ts"
import { leastSessions } from "../../domain/AutopilotLimits.ts"
import { Badge, Notice, type Tone } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { Whisker } from "../kit/Whisker.tsx"
import { autopilotText } from "../text/AutopilotText.ts"
import { language, useText } from "../text/Text.ts"
import { cohortFigure, harmFigure, percent } from "./Figures.ts"
import { axisOf, unitOf } from "./Progress.ts"
import { Table } from "../kit/Table.tsx"

const tones: Readonly<Record<Judgement, Tone>> = { worse: "bad", as_good: "good", cannot_tell: "neutral" }
const looks: Readonly<Record<Judgement, string>> = {
  worse: "bad",
  as_good: "good",
  cannot_tell: "open-verdict",
}

export const JudgementBadge = ({ judgement }: { readonly judgement: Judgement }) => {
  const t = useText(autopilotText)
  return <Badge tone={tones[judgement]}>{t(judgement)}</Badge>
}

export const Cohorts = ({ verdict }: { readonly verdict: AutopilotVerdict | null }) => {
  const t = useText(autopilotText)
  const none = { treatment: 0, control: 0 }
  const { runs, sessions } = verdict ?? { runs: none, sessions: none }
  return (
    <>
      {verdict === null && <p>{t("noVerdict")}</p>}
      <Table
        label={t("cohorts")}
        heads={[{ text: t("cohort") }, { text: t("needed") }, { text: t("runs"), isNumber: true }]}
      >
        {(["treatment", "control"] as const).map((cohort) => (
          <tr key={cohort}>
            <th scope="row">{t(cohort)}</th>
            <td>
              <meter
                min={0}
                max={leastSessions}
                value={Math.min(leastSessions, sessions[cohort])}
                aria-label={t(cohort)}
              />{" "}
              {t("atLeast", { count: sessions[cohort], most: leastSessions })}
            </td>
            <td class="number">{runs[cohort]}</td>
          </tr>
        ))}
      </Table>
      <p class="quiet">{t("typical")}</p>
    </>
  )
}

const Ratio = ({
  ratio: { expected, found, mismatch, pValue },
}: {
  readonly ratio: AutopilotVerdict["sampleRatio"]
}) => {
  const t = useText(autopilotText)
  const tag = useStore(language)
  const figures = {
    found: percent(found ?? 0, tag),
    expected: percent(expected, tag),
    p: String(Number(pValue.toPrecision(2))),
  }
  return (
    <Notice tone={mismatch ? "bad" : "neutral"}>
      <span>
        <strong>{t("ratio")}</strong>:{" "}
        {found === null ? t("ratioNone") : t(mismatch ? "ratioBad" : "ratioGood", figures)}
      </span>
    </Notice>
  )
}

const useHarm = ({ guardrail, harm, lower, margin, upper }: GuardrailVerdict) => {
  const t = useText(autopilotText)
  const tag = useStore(language)
  const unit = unitOf(guardrail) === "tokens" ? "tokensUnit" : "points"
  const bound = (value: number | null) => (value === null ? t("unknown") : harmFigure(guardrail, value, tag))
  return {
    harm: t(unit, { value: harmFigure(guardrail, harm, tag) }),
    lower: bound(lower),
    upper: bound(upper),
    margin: t(unit, { value: harmFigure(guardrail, margin, tag) }),
  }
}

const Guardrail = ({ one }: { readonly one: GuardrailVerdict }) => {
  const t = useText(autopilotText)
  const tag = useStore(language)
  const { control, guardrail, judgement, lower, runs, treatment, upper } = one
  const shown = useHarm(one)
  const look = looks[judgement]
  const isCompared = runs.treatment > 0 && runs.control > 0
  return (
    <tr>
      <th scope="row">
        {t(guardrail)}
        <div class="quiet">{t(`${guardrail}Help`)}</div>
      </th>
      <td>
        <JudgementBadge judgement={judgement} />
      </td>
      <td class="number">{runs.treatment === 0 ? "–" : cohortFigure(guardrail, treatment, tag)}</td>
      <td class="number">{runs.control === 0 ? "–" : cohortFigure(guardrail, control, tag)}</td>
      <td class="number">
        {runs.treatment} / {runs.control}
      </td>
      <td class="number">
        {isCompared ? (
          <>
            {shown.harm}
            <div class="quiet">
              [{shown.lower}; {shown.upper}]
            </div>
          </>
        ) : (
          "–"
        )}
      </td>
      <td class="number">{shown.margin}</td>
      <td>
        {isCompared && (
          <Whisker
            axis={axisOf(one)}
            label={t("pictureLabel", { name: t(guardrail), ...shown })}
            marks={[
              { at: 0, look: "zero" },
              { at: one.margin, look: "margin" },
            ]}
            intervals={[{ value: one.harm, low: lower, high: upper, look }]}
          />
        )}
      </td>
    </tr>
  )
}

const columns = ["guardrail", "verdict", "treatment", "control", "runs", "harm", "margin", "picture"] as const

const figures: ReadonlySet<string> = new Set(["treatment", "control", "runs", "harm", "margin"])

export const VerdictShown = ({ verdict }: { readonly verdict: AutopilotVerdict }) => {
  const t = useText(autopilotText)
  return (
    <>
      <p>
        <JudgementBadge judgement={verdict.judgement} /> {t(`${verdict.judgement}Meaning`)}
      </p>
      <p class="quiet" lang="en">
        {verdict.reason}
      </p>
      <Ratio ratio={verdict.sampleRatio} />
      <Table
        label={t("guardrails")}
        look="verdicts"
        heads={columns.map((column) => ({ text: t(column), isNumber: figures.has(column) }))}
      >
        {verdict.guardrails.map((one) => (
          <Guardrail key={one.guardrail} one={one} />
        ))}
      </Table>
      <p class="quiet">{t("pictureLegend")}</p>
    </>
  )
}
