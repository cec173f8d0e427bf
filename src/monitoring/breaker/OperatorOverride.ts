/**
 * An operator's override of the breakers. Pure; times are epoch milliseconds.
 *
 * A global override to direct mode beats every other one. Otherwise an organisation's own override beats the global one.
 */
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../../domain/Mode.ts"

export const OperatorOverride = Schema.Struct({
  mode: ExecutionMode,
  /** The operator. */
  by: Schema.String,
  reason: Schema.String,
  since: Schema.Finite,
  /** Null: it ends only by another command. */
  expiresAt: Schema.NullOr(Schema.Finite),
})
export type OperatorOverride = typeof OperatorOverride.Type

export const holds = (override: OperatorOverride | undefined, now: number): override is OperatorOverride =>
  override !== undefined && (override.expiresAt === null || now < override.expiresAt)

export const hasExpired = (override: OperatorOverride | undefined, now: number): boolean =>
  override !== undefined && !holds(override, now)

export const effective = (
  global: OperatorOverride | undefined,
  own: OperatorOverride | undefined,
  now: number,
): OperatorOverride | undefined => {
  const present = holds(global, now) ? global : undefined
  if (present?.mode === "direct_llm") return present
  return holds(own, now) ? own : present
}
