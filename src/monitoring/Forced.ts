/**
 * What an operator has ordered, over everything the breakers think. Pure; times are epoch milliseconds.
 *
 * A way back to direct mode for all beats every other order; else an organisation's own order beats that for all.
 */
import type { ExecutionMode } from "../domain/Mode.ts"

export interface Forced {
  readonly mode: ExecutionMode
  /** Who ordered it. */
  readonly by: string
  readonly reason: string
  readonly since: number
  /** It ends by itself then; null: when somebody ends it. */
  readonly expiresAt: number | null
}

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
