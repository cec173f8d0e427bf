/** What an operator orders, for one organisation or for all: a value, so that it can be carried out once more. */
import type { OrgId } from "../../domain/Ids.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"

interface Ordered {
  /** All, without one. */
  readonly orgId?: OrgId | undefined
  readonly reason: string
}

export type OperatorCommand =
  /** `forced` undefined: the order that holds ends. */
  | (Ordered & { readonly _tag: "force"; readonly forced: Omit<OperatorOverride, "since"> | undefined })
  | (Ordered & { readonly _tag: "reset" })
