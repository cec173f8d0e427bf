/** A button that shows actions. Escape, a click elsewhere and a chosen action close it; the focus returns to the button. */
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"

/** A choice in a menu leaves it open. */
const isAction = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("button, a") !== null

export const Menu = ({
  children,
  label,
  shown,
}: {
  readonly label: string
  /** The content of the button. */
  readonly shown: ComponentChildren
  readonly children: ComponentChildren
}) => {
  const [isOpen, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const close = (withFocus: boolean) => {
    setOpen(false)
    if (withFocus) box.current?.querySelector("button")?.focus()
  }
  useEffect(() => {
    if (!isOpen) return undefined
    box.current?.querySelector<HTMLElement>(".menu-items button, .menu-items a, .menu-items select")?.focus()
    const leave = ({ target }: Event) =>
      target instanceof Node && box.current?.contains(target) === false && setOpen(false)
    document.addEventListener("pointerdown", leave)
    document.addEventListener("focusin", leave)
    return () => {
      document.removeEventListener("pointerdown", leave)
      document.removeEventListener("focusin", leave)
    }
  }, [isOpen])
  return (
    <div
      class="menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return
        event.stopPropagation()
        close(true)
      }}
    >
      <button
        type="button"
        class="button bare"
        aria-label={label}
        title={label}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {shown}
      </button>
      {isOpen && (
        <div class="menu-items" onClick={({ target }) => isAction(target) && close(true)}>
          {children}
        </div>
      )}
    </div>
  )
}
