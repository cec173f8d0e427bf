/** The data of a chart as it can be drawn. Models send many forms; what cannot be read is a gap. Pure. */
import type { MessageOf } from "../../client/Contract.ts"

export type ChartData = MessageOf<"chart">["data"]
export type Look = "line" | "bar" | "area" | "scatter"

export interface Slice {
  readonly name: string
  readonly value: number
}

export interface Series {
  readonly name: string
  readonly look: Look
  readonly values: ReadonlyArray<number | null>
}

export type Drawing =
  | { readonly kind: "none" }
  | { readonly kind: "pie"; readonly slices: ReadonlyArray<Slice> }
  | {
      readonly kind: "xy"
      /** Numbers of the x axis; the index of each label if `labels` is there. */
      readonly xs: ReadonlyArray<number>
      readonly labels: ReadonlyArray<string> | undefined
      readonly series: ReadonlyArray<Series>
    }

const numberOf = (value: unknown): number | null => {
  const number =
    typeof value === "number"
      ? value
      : typeof value === "string" && value.trim() !== ""
        ? Number(value)
        : Number.NaN
  return Number.isFinite(number) ? number : null
}

interface Point {
  readonly x: unknown
  readonly y: number | null
}

const pointOf = (item: unknown): Point => {
  if (Array.isArray(item)) return { x: item[0], y: numberOf(item[1]) }
  if (typeof item !== "object" || item === null) return { x: undefined, y: numberOf(item) }
  const fields: Readonly<Record<string, unknown>> = { ...item }
  return { x: fields["x"] ?? fields["name"] ?? fields["label"], y: numberOf(fields["y"] ?? fields["value"]) }
}

const textOf = (value: unknown, index: number): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : String(index + 1)

const slicesOf = ({ series, xAxis }: ChartData): ReadonlyArray<Slice> => {
  const names = xAxis?.data ?? []
  const [first] = series
  const points =
    series.length === 1 && first !== undefined
      ? first.data.map((item, index) => {
          const { x, y } = pointOf(item)
          return { name: textOf(x ?? names[index], index), value: y }
        })
      : series.map(({ data, name }) => ({ name, value: pointOf(data[0]).y }))
  return points.flatMap(({ name, value }) => (value !== null && value > 0 ? [{ name, value }] : []))
}

const looks: ReadonlySet<string> = new Set(["line", "bar", "area", "scatter"])
const isLook = (look: string | undefined): look is Look => look !== undefined && looks.has(look)

const numbered = (points: ReadonlyArray<ReadonlyArray<Point>>, names: ReadonlyArray<unknown>) => {
  const own = points.map((list) =>
    list.map(({ x, y }, index) => ({ x: numberOf(x ?? names[index] ?? index), y })),
  )
  const xs = [...new Set(own.flat().flatMap(({ x }) => x ?? []))].toSorted((a, b) => a - b)
  const values = own.map((list) => {
    const byX = new Map(list.map(({ x, y }) => [x, y]))
    return xs.map((x) => byX.get(x) ?? null)
  })
  return { xs, labels: undefined, values }
}

const labelled = (points: ReadonlyArray<ReadonlyArray<Point>>, names: ReadonlyArray<unknown>) => {
  const count = Math.max(names.length, ...points.map((list) => list.length))
  const firstX = (index: number) => points.find((list) => list[index]?.x !== undefined)?.[index]?.x
  const indexes = Array.from({ length: count }, (_, index) => index)
  return {
    xs: indexes,
    labels: indexes.map((index) => textOf(names[index] ?? firstX(index), index)),
    values: points.map((list) => indexes.map((index) => list[index]?.y ?? null)),
  }
}

export const drawingOf = (data: ChartData): Drawing => {
  const { chartType, series, xAxis } = data
  if (chartType === "pie") {
    const slices = slicesOf(data)
    return slices.length === 0 ? { kind: "none" } : { kind: "pie", slices }
  }
  const points = series.map((one) => one.data.map(pointOf))
  const names = xAxis?.data ?? []
  const given = [...names, ...points.flat().flatMap(({ x }) => (x === undefined ? [] : [x]))]
  const isNumeric = chartType !== "bar" && given.every((x) => numberOf(x) !== null)
  const { labels, values, xs } = isNumeric ? numbered(points, names) : labelled(points, names)
  if (!values.some((list) => list.some((value) => value !== null))) return { kind: "none" }
  return {
    kind: "xy",
    xs,
    labels,
    series: series.map(({ name, type }, index) => ({
      name,
      look: isLook(type) ? type : chartType,
      values: values[index] ?? [],
    })),
  }
}
