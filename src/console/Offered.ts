/** The views that an account may open. Pure. */
import { type View, views } from "./Router.ts"
import { type Account, may } from "./service/Access.ts"

/** `account` is undefined before the sign-in. */
export const isOffered = (view: View, account: Account | undefined, hasSandbox: boolean): boolean => {
  if (view === "sandbox") return hasSandbox
  if (account === undefined) return view === "chat"
  if (view === "chat") return may(account, "chat:read")
  return view === "runs" ? may(account, "admin:read", "operator:read") : may(account, "operator:read")
}

export const offered = (account: Account | undefined, hasSandbox: boolean): ReadonlyArray<View> =>
  views.filter((view) => isOffered(view, account, hasSandbox))

/** The view for an address that names none: operators often have no chat. */
export const firstOffered = (account: Account): View =>
  (["chat", "crossfade", "runs"] as const).find((view) => isOffered(view, account, false)) ?? "chat"
