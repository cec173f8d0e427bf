/** A command of an operator, for one organisation or for all: a value, so it can be replayed. */
import type { OrgId } from "../../domain/Ids.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"

interface Scoped {
  /** Absent: all organisations. */
  readonly orgId?: OrgId | undefined
  readonly reason: string
  /** The operator. */
  readonly by?: string | undefined
}

export type OperatorCommand =
  /** `override` undefined: ends the present override. */
  | (Scoped & { readonly _tag: "override"; readonly override: Omit<OperatorOverride, "since"> | undefined })
  | (Scoped & { readonly _tag: "reset" })
