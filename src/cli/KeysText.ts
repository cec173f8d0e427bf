/** The texts that `crossfade keys` reads and prints. Pure. */
import type { ApiKey } from "../domain/ApiKey.ts"
import { aligned } from "./Columns.ts"
import { lengthFrom } from "./LengthOfTime.ts"
import { timeOf } from "./Times.ts"

export const wordsOf = (list: string): ReadonlyArray<string> =>
  list.split(/[\s,]+/).filter((word) => word !== "")

/** `90d` in milliseconds. */
export const Lifetime = lengthFrom(60_000, "Expected minutes, hours or days, such as 30m, 12h or 90d")

const whenOf = (ms: number | null, now: number): string => (ms === null ? "never" : timeOf(ms, now))

const stateOf = ({ expiresAt, revokedAt }: ApiKey, now: number): string => {
  if (revokedAt !== null) return "revoked"
  return expiresAt !== null && expiresAt <= now ? "expired" : "active"
}

const limitsOf = ({ agents, ratePerMinute }: ApiKey): string =>
  [
    ...(agents === null ? [] : [`${agents.length} agent${agents.length === 1 ? "" : "s"}`]),
    ...(ratePerMinute === null ? [] : [`${ratePerMinute}/min`]),
  ].join(", ") || "none"

const header = ["ID", "KEY", "STATE", "USER", "LAST USED", "EXPIRES", "LIMITS", "PERMISSIONS", "NAME"]

/** A table, the newest key first. */
export const rows = (keys: ReadonlyArray<ApiKey>, now: number): ReadonlyArray<string> => {
  if (keys.length === 0) return ["There are no keys."]
  const table = [
    header,
    ...keys.map((key) => [
      key.id,
      `${key.prefix}…`,
      stateOf(key, now),
      key.userId,
      whenOf(key.lastUsedAt, now),
      whenOf(key.expiresAt, now),
      limitsOf(key),
      key.permissions.join(","),
      key.name,
    ]),
  ]
  return aligned(table)
}
