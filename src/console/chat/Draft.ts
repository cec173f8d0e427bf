/** The unsent text of each conversation. It stays in the tab over a reload and a new sign-in of the same user. */
import { useState } from "preact/hooks"
import type { Account } from "../service/Access.ts"

export const useDraft = ({ orgId, userId }: Account, sessionId: string | undefined) => {
  const key = `draft ${orgId} ${userId} ${sessionId ?? ""}`
  const [draft, setDraft] = useState({ key, text: sessionStorage.getItem(key) ?? "" })
  const text = draft.key === key ? draft.text : (sessionStorage.getItem(key) ?? "")
  const change = (next: string) => {
    if (next === "") sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, next)
    setDraft({ key, text: next })
  }
  return [text, change] as const
}
