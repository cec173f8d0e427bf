import type { ComponentChildren } from "preact"
import { hrefOf } from "../Router.ts"
import { visible } from "../../domain/PlainText.ts"
import { Table } from "../kit/Table.tsx"

/** A table that scrolls in itself, or a sentence in its place. The first cell of each row is its header. */
export const Rows = ({
  empty,
  heads,
  label,
  rows,
}: {
  readonly label: string
  readonly heads: ReadonlyArray<string>
  readonly rows: ReadonlyArray<{ readonly key: string; readonly cells: ReadonlyArray<ComponentChildren> }>
  readonly empty: string
}) =>
  rows.length === 0 ? (
    <p class="quiet">{empty}</p>
  ) : (
    <Table label={label} heads={heads.map((text) => ({ text }))}>
      {rows.map(({ cells, key }) => (
        <tr key={key}>
          {cells.map((cell, index) =>
            index === 0 ? <th scope="row">{shown(cell)}</th> : <td>{shown(cell)}</td>,
          )}
        </tr>
      ))}
    </Table>
  )

const shown = (cell: ComponentChildren): ComponentChildren =>
  typeof cell === "string" ? visible(cell) : cell

export const RunLink = ({ id }: { readonly id: string }) => (
  <a href={hrefOf("runs", id)} title={id}>
    <code>…{id.slice(-8)}</code>
  </a>
)
