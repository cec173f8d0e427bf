/** A disclosure whose content is rendered only while it is open. */
import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"

export const Fold = ({
  children,
  class: own,
  open = false,
  summary,
}: {
  readonly summary: ComponentChildren
  readonly open?: boolean
  readonly class?: string
  readonly children: ComponentChildren
}) => {
  const [isOpen, setOpen] = useState(open)
  return (
    <details
      class={own === undefined ? "fold" : `fold ${own}`}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{summary}</summary>
      {isOpen && <div class="fold-body">{children}</div>}
    </details>
  )
}
