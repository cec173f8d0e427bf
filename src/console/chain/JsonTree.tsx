/** A JSON value that can be folded. Nothing inside of a folded value is rendered, and long values are cut. */
import { useState } from "preact/hooks"
import { Button, CopyButton } from "../kit/Kit.tsx"
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"
import { Fold } from "./Fold.tsx"
import { visible } from "../../domain/PlainText.ts"

const shownCharacters = 600
const shownEntries = 100

const entriesOf = (value: object): ReadonlyArray<readonly [string, unknown]> =>
  Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value)

/** A text with a button for its rest. */
export const LongText = ({ text }: { readonly text: string }) => {
  const t = useText(chainText)
  const [isWhole, setWhole] = useState(false)
  const isCut = !isWhole && text.length > shownCharacters
  return (
    <>
      <bdi>{visible(isCut ? `${text.slice(0, shownCharacters)}…` : text)}</bdi>
      {isCut && (
        <Button look="bare" onClick={() => setWhole(true)}>
          {t("showAll", { count: text.length.toLocaleString() })}
        </Button>
      )}
    </>
  )
}

const Simple = ({ value }: { readonly value: unknown }) =>
  typeof value === "string" ? (
    <span class="json-text">
      <LongText text={value} />
    </span>
  ) : (
    <span class="json-value">{String(value)}</span>
  )

const isNested = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0

const Entries = ({ value }: { readonly value: object }) => {
  const t = useText(chainText)
  const [isWhole, setWhole] = useState(false)
  const entries = entriesOf(value)
  return (
    <ul class="json-entries">
      {(isWhole ? entries : entries.slice(0, shownEntries)).map(([name, item]) => (
        <li key={name}>
          <Member name={name} value={item} />
        </li>
      ))}
      {!isWhole && entries.length > shownEntries && (
        <li>
          <Button look="bare" onClick={() => setWhole(true)}>
            {t("showItems", { count: entries.length })}
          </Button>
        </li>
      )}
    </ul>
  )
}

const Member = ({ name, value }: { readonly name: string; readonly value: unknown }) => {
  const t = useText(chainText)
  const label = <bdi class="json-name">{visible(name.slice(0, shownCharacters))}</bdi>
  if (isNested(value))
    return (
      <Fold
        summary={
          <>
            {label} <span class="quiet">{t("items", { count: Object.keys(value).length })}</span>
          </>
        }
      >
        <Entries value={value} />
      </Fold>
    )
  const empty = typeof value === "object" && value !== null ? (Array.isArray(value) ? "[]" : "{}") : undefined
  return (
    <>
      {label}: {empty === undefined ? <Simple value={value} /> : <span class="json-value">{empty}</span>}
    </>
  )
}

/** `name` is the accessible name of the value. */
export const JsonTree = ({ name, value }: { readonly name: string; readonly value: unknown }) => {
  const t = useText(chainText)
  return (
    <div class="json-box" role="group" aria-label={name}>
      <div class="json-head">
        <span class="quiet">{name}</span>
        <CopyButton label={t("copyJson", { name })} text={() => JSON.stringify(value, null, 2)} />
      </div>
      {isNested(value) ? <Entries value={value} /> : <Simple value={emptyText(value)} />}
    </div>
  )
}

const emptyText = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : value
