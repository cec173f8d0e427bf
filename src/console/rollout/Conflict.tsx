import { type RolloutField, rolloutFields } from "../../domain/RolloutLimits.ts"
import { Button, Notice } from "../kit/Kit.tsx"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { ChangeList } from "./ChangeList.tsx"
import { linesBetween } from "./Changes.ts"
import { type Document } from "./RolloutDraft.ts"

/** The last operator who set a field since `base`. */
const changedBy = (base: Document, theirs: Document): string | undefined =>
  rolloutFields
    .filter((field) => JSON.stringify(theirs.sources[field]) !== JSON.stringify(base.sources[field]))
    .flatMap((field) => {
      const source = theirs.sources[field]
      return source.from === "operator" ? [source] : []
    })
    .toSorted((a, b) => b.at - a.at)[0]?.by.userId

/** The change of another operator that came first, and the choices. */
export const Conflict = ({
  base,
  both,
  discard,
  redo,
  theirs,
}: {
  readonly base: Document
  readonly theirs: Document
  /** The fields of both changes. */
  readonly both: ReadonlyArray<RolloutField>
  readonly redo: () => void
  readonly discard: () => void
}) => {
  const t = useText(rolloutText)
  return (
    <section aria-label={t("conflictTitle")}>
      <Notice tone="warn" alert>
        <div>
          <strong>{t("conflictTitle")}</strong>
          <p>{t("conflictBy", { by: changedBy(base, theirs) ?? t("conflictAnother") })}</p>
          <ChangeList lines={linesBetween(base, theirs)} />
          {both.length > 0 && (
            <p>{t("conflictBoth", { fields: both.map((field) => t(field)).join(", ") })}</p>
          )}
        </div>
      </Notice>
      <div class="row">
        <Button look="main" onClick={redo}>
          {t("redo")}
        </Button>
        <Button onClick={discard}>{t("takeTheirs")}</Button>
      </div>
    </section>
  )
}
