/** Order, pages and texts of a table. Pure. */
import type { MessageOf } from "../../client/Contract.ts"
import { csvText } from "../kit/Csv.ts"

export type TableData = MessageOf<"table">["data"]
export type Column = TableData["columns"][number]
type Row = TableData["rows"][number]

export const pageSize = 50

export interface Sorting {
  readonly key: string
  readonly isDescending: boolean
}

/** Three clicks: ascending, descending, as sent. */
export const nextSorting = (now: Sorting | undefined, key: string): Sorting | undefined =>
  now?.key !== key ? { key, isDescending: false } : now.isDescending ? undefined : { key, isDescending: true }

const numberOf = (value: unknown): number => {
  if (typeof value === "number") return value
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === ""

/** A model may name a column `constructor`, which each object inherits. */
export const valueOf = (row: Row, key: string): unknown => (Object.hasOwn(row, key) ? row[key] : undefined)

export const textOfCell = (value: unknown): string =>
  isEmpty(value) ? "" : typeof value === "string" ? value : JSON.stringify(value)

const compare = (a: unknown, b: unknown, type: Column["type"]): number => {
  if (type === "number" || type === "date") {
    const of = (value: unknown) => (type === "number" ? numberOf(value) : Date.parse(textOfCell(value)))
    const [x, y] = [of(a), of(b)]
    // Values of another type come last, in the order of their texts.
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || compare(a, b, "string")
    return x - y
  }
  if (typeof a === "number" && typeof b === "number") return a - b
  return textOfCell(a).localeCompare(textOfCell(b), undefined, { numeric: true })
}

/** Empty cells come last in both directions. Equal rows keep their order. */
export const sortedRows = (
  { columns, rows }: TableData,
  sorting: Sorting | undefined,
): ReadonlyArray<Row> => {
  if (sorting === undefined) return rows
  const { isDescending, key } = sorting
  const type = columns.find((column) => column.key === key)?.type
  return rows.toSorted((left, right) => {
    const [a, b] = [valueOf(left, key), valueOf(right, key)]
    if (isEmpty(a) || isEmpty(b)) return Number(isEmpty(a)) - Number(isEmpty(b))
    return isDescending ? compare(b, a, type) : compare(a, b, type)
  })
}

export const csvOf = ({ columns }: TableData, rows: ReadonlyArray<Row>): string =>
  csvText([
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ key }) => textOfCell(valueOf(row, key)))),
  ])

/** The width as CSS; undefined if it is not one. */
export const widthOf = ({ width }: Column): string | undefined => {
  if (typeof width === "number") return width > 0 && width <= 2000 ? `${width}px` : undefined
  return width !== undefined && /^\d{1,4}(\.\d+)?(px|%|em|rem|ch)$/.test(width) ? width : undefined
}
