/**
 * What an operator has ordered, over everything the breakers think. Pure; times are epoch milliseconds.
 *
 * A way back to direct mode for all beats every other order; else an organisation's own order beats that for all.
 */
import * as Schema from "effect/Schema"
import { ExecutionMode } from "../domain/Mode.ts"

export const Forced = Schema.Struct({
  mode: ExecutionMode,
  /** Who ordered it. */
  by: Schema.String,
  reason: Schema.String,
  since: Schema.Finite,
  /** It ends by itself then; null: when somebody ends it. */
  expiresAt: Schema.NullOr(Schema.Finite),
})
export type Forced = typeof Forced.Type

export const holds = (forced: Forced | undefined, now: number): forced is Forced =>
  forced !== undefined && (forced.expiresAt === null || now < forced.expiresAt)

export const effective = (
  all: Forced | undefined,
  own: Forced | undefined,
  now: number,
): Forced | undefined => {
  const forAll = holds(all, now) ? all : undefined
  if (forAll?.mode === "direct_llm") return forAll
  return holds(own, now) ? own : forAll
}
