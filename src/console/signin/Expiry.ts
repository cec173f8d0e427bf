/** Ends the access of the tab when its token expires, so that the page says so before a request fails. */
import { access, refuse } from "../service/Access.ts"

/** Longer timers fire at once. */
const longestMs = 2 ** 31 - 1

let timer: ReturnType<typeof setTimeout> | undefined

const watch = (): void => {
  clearTimeout(timer)
  const now = access.get()
  if (now.state !== "signedIn" || now.account.expiresAt === null) return
  const left = now.account.expiresAt - Date.now()
  timer = setTimeout(left > longestMs ? watch : () => refuse("expired"), Math.min(left, longestMs))
}

access.subscribe(watch)
