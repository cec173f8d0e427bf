/** The elements that all views use. Their looks are in `styles/kit.css`. */
import type { ButtonHTMLAttributes, ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { shellText } from "../text/ShellText.ts"
import { useText } from "../text/Text.ts"
import { visible } from "../../domain/PlainText.ts"

type ButtonProps = ButtonHTMLAttributes & { readonly look?: "plain" | "main" | "danger" | "bare" }

export const Button = ({ class: own, look = "plain", type = "button", ...rest }: ButtonProps) => (
  <button type={type} class={`button ${look}${typeof own === "string" ? ` ${own}` : ""}`} {...rest} />
)

export type Tone = "neutral" | "good" | "warn" | "bad" | "info"

export const Badge = ({
  children,
  title,
  tone = "neutral",
}: {
  readonly tone?: Tone
  readonly title?: string
  readonly children: ComponentChildren
}) => (
  <span class={`badge ${tone}`} {...(title === undefined ? {} : { title })}>
    {children}
  </span>
)

/** `alert`: a screen reader reads it at once. */
export const Notice = ({
  alert = false,
  children,
  tone = "info",
}: {
  readonly tone?: Tone
  readonly alert?: boolean
  readonly children: ComponentChildren
}) => (
  <div class={`notice ${tone}`} {...(alert ? { role: "alert" } : {})}>
    {children}
  </div>
)

export const Card = ({
  actions,
  children,
  title,
}: {
  readonly title?: string
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) => (
  <section class="card" {...(title === undefined ? {} : { "aria-label": title })}>
    {(title !== undefined || actions !== undefined) && (
      <header class="card-head">
        <h2>{title}</h2>
        {actions}
      </header>
    )}
    {children}
  </section>
)

/** The reason of a failed request, with the id that finds it in the log. */
export const Failure = ({ error, retry }: { readonly error: Error; readonly retry?: () => void }) => {
  const t = useText(shellText)
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : ""
  const requestId = "requestId" in error && typeof error.requestId === "string" ? error.requestId : undefined
  return (
    <Notice tone="bad" alert>
      <span>{visible(`${code}${error.message}`)}</span>
      {requestId !== undefined && <code class="quiet"> {requestId}</code>}
      {retry !== undefined && <Button onClick={retry}>{t("retry")}</Button>}
    </Notice>
  )
}

export const Loading = () => {
  const t = useText(shellText)
  return (
    <p class="quiet" role="status">
      {t("loading")}
    </p>
  )
}

/** A modal dialog. Escape and a click beside it close it. The browser keeps the focus inside and returns it. */
export const Dialog = ({
  actions,
  children,
  close,
  look = "",
  title,
}: {
  readonly title: string
  /** `drawer`: at the side, as high as the window. */
  readonly look?: "" | "drawer"
  readonly close: () => void
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) => {
  const t = useText(shellText)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      class={`dialog ${look}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="dialog-body">
        <header class="card-head">
          <h2>{title}</h2>
          <Button look="bare" aria-label={t("close")} onClick={close}>
            ✕
          </Button>
        </header>
        {children}
        {actions !== undefined && <footer class="row end">{actions}</footer>}
      </div>
    </dialog>
  )
}

/** Copies a text. The button says so for two seconds. */
export const CopyButton = ({
  label,
  text,
}: {
  readonly text: string | (() => string)
  readonly label?: string
}) => {
  const t = useText(shellText)
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return undefined
    const timer = setTimeout(() => setDone(false), 2000)
    return () => clearTimeout(timer)
  }, [done])
  const copy = () => {
    void navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(() => setDone(true))
  }
  return (
    <Button look="bare" class="copy" onClick={copy}>
      <span aria-live="polite">{done ? t("copied") : (label ?? t("copy"))}</span>
    </Button>
  )
}

export const Field = ({
  children,
  help,
  label,
}: {
  readonly label: string
  readonly help?: string
  readonly children: ComponentChildren
}) => (
  <label class="field">
    <span class="field-label">{label}</span>
    {children}
    {help !== undefined && <span class="quiet">{help}</span>}
  </label>
)
