import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import type { Line } from "./Changes.ts"
import { thresholdNames } from "./RolloutDraft.ts"

/** A change of the settings, line by line. */
export const ChangeList = ({ lines }: { readonly lines: ReadonlyArray<Line> }) => {
  const t = useText(rolloutText)
  const translated = ({ parameters = {} }: Line) => {
    const name = thresholdNames.find((one) => one === parameters["name"])
    return name === undefined ? parameters : { ...parameters, name: t(name) }
  }
  return (
    <ul class="change-list">
      {lines.map((line) => (
        <li key={`${line.field} ${line.key} ${JSON.stringify(line.parameters)}`}>
          <strong>{t(line.field)}</strong>:{" "}
          {t(line.key, line.key === "thresholdChange" ? translated(line) : line.parameters)}
        </li>
      ))}
    </ul>
  )
}
