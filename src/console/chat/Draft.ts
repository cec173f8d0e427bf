/**
 * The unsent text of each conversation. It stays in the tab over a reload, and over the end of a token until another user signs in.
 * The user's sign-out removes it.
 */
import { useState } from "preact/hooks"
import { type Account, storedKey } from "../service/Access.ts"

export const useDraft = (account: Account, sessionId: string | undefined) => {
  const key = storedKey(account, `draft ${sessionId ?? ""}`)
  const [draft, setDraft] = useState({ key, text: sessionStorage.getItem(key) ?? "" })
  const text = draft.key === key ? draft.text : (sessionStorage.getItem(key) ?? "")
  const change = (next: string) => {
    if (next === "") sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, next)
    setDraft({ key, text: next })
  }
  return [text, change] as const
}
