/** Sends a reset or an override to the gateway: the state of its button, and the refusal of the gateway. */
import { useState } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { dataOf } from "../service/Service.ts"
import { errorOf } from "../kit/ErrorOf.ts"

export interface DialogProps {
  readonly view: LiveView
  /** Undefined: all organisations. */
  readonly org: LiveView["orgs"][number] | undefined
  readonly close: () => void
  readonly done: () => void
}

export const useBreakerCommand = (path: "force" | "reset", done: () => void) => {
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<Error>()
  const send = (body: unknown) => {
    setSending(true)
    dataOf<unknown>(`/api/v1/runtime/fallback/${path}`, { method: "POST", body }).then(
      () => done(),
      (cause: unknown) => {
        setSending(false)
        setError(errorOf(cause))
      },
    )
  }
  return { isSending, error, send }
}
