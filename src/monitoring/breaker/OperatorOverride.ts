/**
 * What an operator has ordered, over everything the breakers think. Pure; times are epoch milliseconds.
 *
 * A way back to direct mode for all beats every other order; else an organisation's own order beats that for all.
 */
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../../domain/Mode.ts"

export const OperatorOverride = Schema.Struct({
  mode: ExecutionMode,
  /** Who ordered it. */
  by: Schema.String,
  reason: Schema.String,
  since: Schema.Finite,
  /** It ends by itself then; null: when somebody ends it. */
  expiresAt: Schema.NullOr(Schema.Finite),
})
export type OperatorOverride = typeof OperatorOverride.Type

export const holds = (forced: OperatorOverride | undefined, now: number): forced is OperatorOverride =>
  forced !== undefined && (forced.expiresAt === null || now < forced.expiresAt)

export const effective = (
  all: OperatorOverride | undefined,
  own: OperatorOverride | undefined,
  now: number,
): OperatorOverride | undefined => {
  const forAll = holds(all, now) ? all : undefined
  if (forAll?.mode === "direct_llm") return forAll
  return holds(own, now) ? own : forAll
}
