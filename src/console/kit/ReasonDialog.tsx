/** Asks for confirmation and a reason, and shows why an action failed. It stays open until the action has worked. */
import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { actionText } from "../text/ActionText.ts"
import { useText } from "../text/Text.ts"
import { Entry } from "./Entry.tsx"
import { Button, Dialog, Failure } from "./Kit.tsx"
import { errorOf } from "./ErrorOf.ts"

/** The limit of the API. */
const longestReason = 500

export const ReasonDialog = ({
  action,
  children,
  close,
  danger = false,
  run,
  title,
}: {
  readonly title: string
  /** The words of the button. */
  readonly action: string
  readonly danger?: boolean
  readonly close: () => void
  /** `reason` is undefined if the field is empty. */
  readonly run: (reason: string | undefined) => Promise<void>
  readonly children?: ComponentChildren
}) => {
  const t = useText(actionText)
  const [reason, setReason] = useState("")
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error>()
  const submit = () => {
    setBusy(true)
    setError(undefined)
    run(reason.trim() === "" ? undefined : reason.trim()).then(close, (failure: unknown) => {
      setError(errorOf(failure))
      setBusy(false)
    })
  }
  return (
    <Dialog
      title={title}
      close={close}
      actions={
        <>
          <Button onClick={close}>{t("cancel")}</Button>
          <Button look={danger ? "danger" : "main"} disabled={busy} onClick={submit}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      <Entry label={t("reason")} help={t("reasonHelp")}>
        {(attributes) => (
          <input
            {...attributes}
            value={reason}
            maxLength={longestReason}
            autocomplete="off"
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        )}
      </Entry>
      {error !== undefined && <Failure error={error} />}
    </Dialog>
  )
}
