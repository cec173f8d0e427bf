/** The audit: who changed or read what, when and why. Filters and exports work on the loaded entries. */
import "./audit.css"
import { useEffect, useState } from "preact/hooks"
import type { AuditEntry } from "../../domain/AuditEntry.ts"
import { Button, Card, Failure, Field, Loading } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { type ReadPage, usePages } from "../service/Pages.ts"
import { dataOf } from "../service/Service.ts"
import { auditText } from "../text/AuditText.ts"
import { useText } from "../text/Text.ts"
import { type AuditFilter, changesOf, csvOf, filtered, personOf } from "./AuditRows.ts"
import { visible } from "../../domain/PlainText.ts"
import { Table } from "../kit/Table.tsx"

const save = (name: string, type: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = Object.assign(document.createElement("a"), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}

const Changes = ({ entry }: { readonly entry: AuditEntry }) => {
  const t = useText(auditText)
  const side = (value: string | undefined) =>
    value === undefined ? <span class="quiet">{t("absent")}</span> : <code>{visible(value)}</code>
  return (
    <ul class="plain-list">
      {changesOf(entry).map(({ after, before, field }) => (
        <li key={field}>
          {field !== "" && <strong>{visible(field)}: </strong>}
          {before !== undefined && (
            <>
              <del>{side(before)}</del> →{" "}
            </>
          )}
          <ins>{side(after)}</ins>
        </li>
      ))}
    </ul>
  )
}

const Row = ({ entry }: { readonly entry: AuditEntry }) => {
  const t = useText(auditText)
  return (
    <tr>
      <td>
        <Time at={entry.at} />
      </td>
      <td>
        {visible(personOf(entry))}
        {entry.by.orgId === null && <div class="quiet">{t("service")}</div>}
      </td>
      <th scope="row">
        <code title={entry.by.requestId === null ? "" : t("request", { id: entry.by.requestId })}>
          {entry.action}
        </code>
      </th>
      <td>
        <Changes entry={entry} />
      </td>
      <td>{entry.reason === null ? <span class="quiet">–</span> : visible(entry.reason)}</td>
    </tr>
  )
}

const columns = ["when", "who", "action", "change", "reason"] as const

const Entries = ({ entries }: { readonly entries: ReadonlyArray<AuditEntry> }) => {
  const t = useText(auditText)
  return (
    <Table label={t("title")} look="audit" heads={columns.map((column) => ({ text: t(column) }))}>
      {entries.map((entry) => (
        <Row key={entry.id} entry={entry} />
      ))}
    </Table>
  )
}

const Choice = ({
  all,
  choose,
  label,
  options,
  value,
}: {
  readonly label: string
  readonly all: string
  readonly options: ReadonlyArray<string>
  readonly value: string
  readonly choose: (value: string) => void
}) => (
  <Field label={label}>
    <select value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
      <option value="">{all}</option>
      {options.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  </Field>
)

const Filters = ({
  change,
  entries,
  filter,
}: {
  readonly entries: ReadonlyArray<AuditEntry>
  readonly filter: AuditFilter
  readonly change: (filter: AuditFilter) => void
}) => {
  const t = useText(auditText)
  const distinct = (of: (entry: AuditEntry) => string) => [...new Set(entries.map(of))].toSorted()
  return (
    <div class="audit-filters">
      <Field label={t("search")}>
        <input
          type="search"
          value={filter.text}
          onInput={({ currentTarget }) => change({ ...filter, text: currentTarget.value })}
        />
      </Field>
      <Choice
        label={t("action")}
        all={t("anyAction")}
        options={distinct(({ action }) => action)}
        value={filter.action}
        choose={(action) => change({ ...filter, action })}
      />
      <Choice
        label={t("who")}
        all={t("anyPerson")}
        options={distinct(personOf)}
        value={filter.person}
        choose={(person) => change({ ...filter, person })}
      />
    </div>
  )
}

const Exports = ({ entries }: { readonly entries: ReadonlyArray<AuditEntry> }) => {
  const t = useText(auditText)
  return (
    <span class="row">
      <Button
        title={t("exportHelp")}
        onClick={() => save("audit.json", "application/json", JSON.stringify(entries, undefined, 2))}
      >
        {t("json")}
      </Button>
      <Button title={t("exportHelp")} onClick={() => save("audit.csv", "text/csv", csvOf(entries))}>
        {t("csv")}
      </Button>
    </span>
  )
}

const readPage: ReadPage<AuditEntry> = (path, signal) => dataOf(path, { signal })

const Found = ({
  pages,
  shown,
}: {
  readonly pages: ReturnType<typeof usePages<AuditEntry>>
  readonly shown: ReadonlyArray<AuditEntry>
}) => {
  const t = useText(auditText)
  const { entries, error, hasMore, loading, more } = pages
  return (
    <>
      <p class="quiet" role="status">
        {t("shown", { shown: shown.length, loaded: entries.length })}
      </p>
      {shown.length > 0 && <Entries entries={shown} />}
      {shown.length === 0 && !loading && error === undefined && (
        <p>{t(entries.length === 0 ? "empty" : "none")}</p>
      )}
      {loading && entries.length === 0 && <Loading />}
      {error !== undefined && <Failure error={error} retry={more} />}
      {hasMore && error === undefined ? (
        <Button disabled={loading} onClick={more}>
          {t("more")}
        </Button>
      ) : (
        <p class="quiet">{t("all")}</p>
      )}
    </>
  )
}

const AuditTab = () => {
  const t = useText(auditText)
  const pages = usePages("/api/v1/runtime/audit?limit=50", readPage)
  const [filter, setFilter] = useState<AuditFilter>({ text: "", action: "", person: "" })
  const { entries, more, reload } = pages
  useEffect(() => more(), [more])
  const shown = filtered(entries, filter)
  return (
    <div class="stack">
      <h1 class="visually-hidden">{t("title")}</h1>
      <Card
        title={t("title")}
        actions={
          <span class="row">
            <Button onClick={reload}>{t("refresh")}</Button>
            <Exports entries={shown} />
          </span>
        }
      >
        <p class="quiet">{t("about")}</p>
        <Filters entries={entries} filter={filter} change={setFilter} />
        <Found pages={pages} shown={shown} />
      </Card>
    </div>
  )
}

export default AuditTab
