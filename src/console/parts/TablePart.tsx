/** A table: sortable by its columns, in pages, copied as CSV. */
import { useMemo, useState } from "preact/hooks"
import { Button, CopyButton } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { visible } from "../../domain/PlainText.ts"
import { partsText } from "../text/PartsText.ts"
import { language, useText } from "../text/Text.ts"
import * as Rules from "./TableRules.ts"

const Cell = ({ type, value }: { readonly value: unknown; readonly type: Rules.Column["type"] }) => {
  const t = useText(partsText)
  const tag = useStore(language)
  if (typeof value === "boolean") return <>{value ? t("yes") : t("no")}</>
  if (typeof value === "number")
    return <>{new Intl.NumberFormat(tag, { maximumFractionDigits: 10 }).format(value)}</>
  const text = Rules.textOfCell(value)
  const at = type === "date" && /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : undefined
  if (at !== undefined && !Number.isNaN(at.getTime()))
    return (
      <time dateTime={text} title={text}>
        {/T|\s\d/.test(text) ? at.toLocaleString(tag) : at.toLocaleDateString(tag, { timeZone: "UTC" })}
      </time>
    )
  return <bdi>{visible(text)}</bdi>
}

const Head = ({
  column,
  sort,
  sorting,
}: {
  readonly column: Rules.Column
  readonly sorting: Rules.Sorting | undefined
  readonly sort: (key: string) => void
}) => {
  const isSorted = sorting?.key === column.key
  const direction = isSorted ? (sorting.isDescending ? "descending" : "ascending") : "none"
  const width = Rules.widthOf(column)
  const title = visible(column.title === "" ? column.key : column.title)
  return (
    <th
      scope="col"
      class={column.type === "number" ? "number" : ""}
      {...(column.sortable === false ? {} : { "aria-sort": direction })}
      {...(width === undefined ? {} : { style: { minWidth: width } })}
    >
      {column.sortable === false ? (
        title
      ) : (
        <button type="button" class="sort" onClick={() => sort(column.key)}>
          {title}
          <span aria-hidden="true">{isSorted ? (sorting.isDescending ? " ▼" : " ▲") : " ↕"}</span>
        </button>
      )}
    </th>
  )
}

const Pages = ({
  count,
  page,
  setPage,
}: {
  readonly count: number
  readonly page: number
  readonly setPage: (page: number) => void
}) => {
  const t = useText(partsText)
  const from = page * Rules.pageSize + 1
  const to = Math.min(count, from + Rules.pageSize - 1)
  return (
    <div class="row">
      <Button disabled={page === 0} onClick={() => setPage(page - 1)}>
        {t("previous")}
      </Button>
      <span class="quiet" role="status">
        {t("rows", { from, to, total: count })}
      </span>
      <Button disabled={to >= count} onClick={() => setPage(page + 1)}>
        {t("next")}
      </Button>
    </div>
  )
}

export const TablePart = ({ data }: { readonly data: Rules.TableData }) => {
  const t = useText(partsText)
  const [sorting, setSorting] = useState<Rules.Sorting>()
  const [page, setPage] = useState(0)
  const rows = useMemo(() => Rules.sortedRows(data, sorting), [data, sorting])
  const { columns, pagination } = data
  const shown = rows.slice(page * Rules.pageSize, (page + 1) * Rules.pageSize)
  const sort = (key: string) => {
    setSorting(Rules.nextSorting(sorting, key))
    setPage(0)
  }
  return (
    <div class="part table-part">
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("table")}>
        {columns.length > 0 && (
          <table class="data">
            <thead>
              <tr>
                {columns.map((column, index) => (
                  <Head key={index} column={column} sorting={sorting} sort={sort} />
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, index) => (
                <tr key={index}>
                  {columns.map(({ key, type }, at) => {
                    const value = Rules.valueOf(row, key)
                    return (
                      <td key={at} class={type === "number" || typeof value === "number" ? "number" : ""}>
                        <Cell value={value} type={type} />
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {rows.length === 0 && <p class="quiet">{t("noRows")}</p>}
      </div>
      <div class="row part-foot">
        {rows.length > Rules.pageSize && <Pages count={rows.length} page={page} setPage={setPage} />}
        {pagination !== undefined && pagination.total > rows.length && (
          <span class="quiet">{t("moreRows", { shown: rows.length, total: pagination.total })}</span>
        )}
        {rows.length > 0 && <CopyButton label={t("copyCsv")} text={() => Rules.csvOf(data, rows)} />}
      </div>
    </div>
  )
}
