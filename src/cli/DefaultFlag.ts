/** A default that `--help` shows: the flags of `effect/cli` keep theirs to themselves. */
import * as Flag from "effect/cli/Flag"

export const withShownDefault =
  <const Value extends string | number>(description: string, value: Value) =>
  <A>(flag: Flag.Flag<A>) =>
    flag.pipe(Flag.withDescription(`${description} (default: ${value})`), Flag.withDefault(value))
