/**
 * Ends the access of the tab when its token has expired, so that the page says so before a request fails. The gateway decides,
 * because the clock of this machine may be wrong.
 */
import { access, refuse, tokenNow } from "../service/Access.ts"

/** Longer timers fire at once. */
const longestMs = 2 ** 31 - 1
const askAgainMs = 60_000

let timer: ReturnType<typeof setTimeout> | undefined

const ask = async (): Promise<void> => {
  const token = tokenNow()
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch("/api/v1/me", { headers }).catch(() => undefined)
  if (tokenNow() !== token || access.get().state !== "signedIn") return
  if (response?.status === 401) refuse("expired")
  else timer = setTimeout(() => void ask(), askAgainMs)
}

const watch = (): void => {
  clearTimeout(timer)
  const now = access.get()
  if (now.state !== "signedIn" || now.account.expiresAt === null) return
  const left = now.account.expiresAt - Date.now()
  timer = setTimeout(left > longestMs ? watch : () => void ask(), Math.min(left, longestMs))
}

export const watchExpiry = (): void => {
  access.subscribe(watch)
  watch()
}
