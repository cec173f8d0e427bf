/** A table that scrolls within its own frame, so that the page never scrolls sideways. */
import type { ComponentChildren } from "preact"

export interface Head {
  readonly text: string
  /** A column of figures. */
  readonly isNumber?: boolean
}

export const Table = ({
  children,
  heads,
  label,
  look = "",
}: {
  readonly label: string
  readonly heads: ReadonlyArray<Head>
  /** More classes of the table. */
  readonly look?: string
  /** The rows. */
  readonly children: ComponentChildren
}) => (
  <div class="scroll-x" tabIndex={0} role="group" aria-label={label}>
    <table class={`data ${look}`}>
      <thead>
        <tr>
          {heads.map(({ isNumber, text }) => (
            <th key={text} scope="col" class={isNumber === true ? "number" : ""}>
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)
