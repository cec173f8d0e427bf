/** The reason of a change, for the audit. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

export const requiredReasonFlag = Flag.String("reason").pipe(
  Flag.withDescription("The reason, stored in the audit, such as an incident's number"),
  Flag.withMetavar("TEXT"),
)

export const reasonFlag = requiredReasonFlag.pipe(Flag.optional)

export const reasonOf = (reason: Option.Option<string>): { readonly reason?: string } =>
  Option.match(reason, { onNone: () => ({}), onSome: (text) => ({ reason: text }) })
