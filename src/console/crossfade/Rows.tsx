import type { ComponentChildren } from "preact"
import { hrefOf } from "../Router.ts"
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
          {cells.map((cell, index) => (index === 0 ? <th scope="row">{cell}</th> : <td>{cell}</td>))}
        </tr>
      ))}
    </Table>
  )

export const RunLink = ({ id }: { readonly id: string }) => (
  <a href={hrefOf("runs", id)} title={id}>
    <code>…{id.slice(-8)}</code>
  </a>
)
