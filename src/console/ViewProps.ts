/** The parameters of a view. */
import type { Route } from "./Router.ts"
import type { Account } from "./service/Access.ts"

export interface ViewProps {
  readonly account: Account
  readonly route: Route
}
