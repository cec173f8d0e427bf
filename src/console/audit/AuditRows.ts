/** Entries of the audit for the table: their changes, a filter over the loaded ones, and an export. Pure. */
import type { AuditEntry } from "../../domain/AuditEntry.ts"
import { csvText } from "../kit/Csv.ts"

type Json = AuditEntry["before"]

interface FieldChange {
  /** Empty: the whole value. */
  readonly field: string
  /** Undefined: absent on this side. */
  readonly before: string | undefined
  readonly after: string | undefined
}

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const textOf = (value: Json | undefined): string | undefined =>
  value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value)

/** The fields that differ; values without fields count as one. */
export const changesOf = ({
  after,
  before,
}: Pick<AuditEntry, "before" | "after">): ReadonlyArray<FieldChange> => {
  const isFlat = (!isRecord(before) && before !== null) || (!isRecord(after) && after !== null)
  if (isFlat) return [{ field: "", before: textOf(before), after: textOf(after) }]
  const [old, fresh] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}]
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .map((field) => ({ field, before: textOf(old[field]), after: textOf(fresh[field]) }))
    .filter((change) => change.before !== change.after)
}

export interface AuditFilter {
  /** Each empty field lets everything pass. */
  readonly text: string
  readonly action: string
  readonly person: string
}

export const personOf = ({ by }: AuditEntry): string =>
  by.orgId === null ? by.userId : `${by.userId} (${by.orgId})`

export const filtered = (
  entries: ReadonlyArray<AuditEntry>,
  { action, person, text }: AuditFilter,
): ReadonlyArray<AuditEntry> => {
  const wanted = text.trim().toLowerCase()
  return entries.filter(
    (entry) =>
      (action === "" || entry.action === action) &&
      (person === "" || personOf(entry) === person) &&
      (wanted === "" || JSON.stringify(entry).toLowerCase().includes(wanted)),
  )
}

const columns = ["id", "at", "user", "organisation", "request", "action", "reason", "before", "after"]

export const csvOf = (entries: ReadonlyArray<AuditEntry>): string =>
  csvText([
    columns,
    ...entries.map(({ action, after, at, before, by, id, reason }) => [
      id,
      new Date(at).toISOString(),
      by.userId,
      by.orgId ?? "",
      by.requestId ?? "",
      action,
      reason ?? "",
      JSON.stringify(before),
      JSON.stringify(after),
    ]),
  ])
