/** The filters of the list of runs, as they stand in the address of the page and in the request. Pure. */
import type { RunsQuery } from "../../api/OperatorRunsApi.ts"

export type FilterName = Exclude<keyof typeof RunsQuery.Encoded, "cursor" | "limit">

/** `from` and `to` are epoch milliseconds, so that an address means the same in each time zone. */
export const filterNames = [
  "user",
  "org",
  "session",
  "agent",
  "mode",
  "status",
  "code",
  "reason",
  "traceId",
  "from",
  "to",
  "feedback",
] as const satisfies ReadonlyArray<FilterName>

export type Filter = Readonly<Partial<Record<FilterName, string>>>

export const pageSize = 50

export const filterOf = (query: URLSearchParams): Filter =>
  Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = query.get(name)?.trim() ?? ""
      return value === "" ? [] : [[name, value]]
    }),
  )

const queryOf = (filter: Filter, cursor: string | null): URLSearchParams => {
  const query = new URLSearchParams(Object.entries(filterOf(new URLSearchParams(Object.entries(filter)))))
  if (cursor !== null) query.set("cursor", cursor)
  return query
}

/** The address of the list. */
export const listHref = (filter: Filter, cursor: string | null = null): string => {
  const query = queryOf(filter, cursor).toString()
  return query === "" ? "#/runs" : `#/runs?${query}`
}

export const requestOf = (filter: Filter, cursor: string | null): string => {
  const query = queryOf(filter, cursor)
  query.set("limit", String(pageSize))
  return `/api/v1/runtime/runs?${query}`
}

export const without = (filter: Filter, name: FilterName): Filter =>
  Object.fromEntries(Object.entries(filter).filter(([key]) => key !== name))

/** The kind of id that a person has pasted. A run and a session have ids of one form. */
export type Found =
  | { readonly kind: "runOrSession"; readonly id: string }
  | { readonly kind: "trace"; readonly id: string }

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
const traceparent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Reads ids out of event ids, addresses and `traceparent` headers too. */
export const foundIn = (text: string): Found | undefined => {
  const given = text.trim().toLowerCase()
  const [, parent] = traceparent.exec(given) ?? []
  if (parent !== undefined) return { kind: "trace", id: parent }
  if (/^[0-9a-f]{32}$/.test(given)) return { kind: "trace", id: given }
  const [id] = uuid.exec(given) ?? []
  return id === undefined ? undefined : { kind: "runOrSession", id }
}

/** The text of a `datetime-local` field in the browser's time zone, and back. Empty for no time. */
export const localOf = (ms: string | undefined): string => {
  const at = new Date(Number(ms))
  if (ms === undefined || Number.isNaN(at.getTime())) return ""
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export const epochOf = (local: string): string => {
  const at = new Date(local).getTime()
  return Number.isNaN(at) ? "" : String(at)
}
