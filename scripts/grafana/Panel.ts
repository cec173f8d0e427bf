/** A panel: its question, its queries, its unit. */

export interface Query {
  readonly expr: string
  /** With `{{label}}`s. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** The question that the panel answers, and its interpretation; Grafana shows it behind the `i`. */
  readonly meaning: string
  readonly kind: "timeseries" | "stat" | "state-timeline"
  /** Grafana's name of a unit. */
  readonly unit: "percentunit" | "percent" | "ms" | "bytes" | "short" | "reqps" | "bool"
  readonly queries: ReadonlyArray<Query>
}

export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly refresh: string
  readonly from: string
  readonly rows: ReadonlyArray<Row>
}

export const query = (expr: string, legend = ""): Query => ({ expr, legend })

/** A quantile of a histogram, over five minutes. */
export const quantiles = (
  name: string,
  by: string | undefined,
  shares: ReadonlyArray<number>,
): ReadonlyArray<Query> =>
  shares.map((share) => {
    const labels = by === undefined ? "le" : `${by}, le`
    const legend = by === undefined ? `P${share * 100}` : `{{${by}}} P${share * 100}`
    return query(`histogram_quantile(${share}, sum by (${labels}) (rate(${name}_bucket[5m])))`, legend)
  })
