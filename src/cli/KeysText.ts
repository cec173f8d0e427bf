/** The texts that `crossfade keys` reads and prints. Pure. */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { ApiKey } from "../domain/ApiKey.ts"

export const wordsOf = (list: string): ReadonlyArray<string> =>
  list.split(/[\s,]+/).filter((word) => word !== "")

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A hundred years: a larger number is a mistake. */
const longestMs = 36_500 * 86_400_000

const millisOf = (text: string): number => Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? 0)

/** `90d` in milliseconds. */
export const Lifetime = Schema.String.check(
  Schema.makeFilter(
    (text) =>
      (/^[1-9]\d{0,8}[mhd]$/.test(text) && millisOf(text) <= longestMs) ||
      "Expected minutes, hours or days, such as 30m, 12h or 90d",
  ),
).pipe(
  Schema.decodeTo(Schema.Finite, {
    decode: SchemaGetter.transform(millisOf),
    encode: SchemaGetter.transform((ms: number) => `${ms / 60_000}m`),
  }),
)

const minuteOf = (ms: number | null): string =>
  ms === null ? "never" : new Date(ms).toISOString().slice(0, 16).replace("T", " ")

const stateOf = ({ expiresAt, revokedAt }: ApiKey, now: number): string => {
  if (revokedAt !== null) return "revoked"
  return expiresAt !== null && expiresAt <= now ? "expired" : "active"
}

const limitsOf = ({ agents, ratePerMinute }: ApiKey): string =>
  [
    ...(agents === null ? [] : [`${agents.length} agent${agents.length === 1 ? "" : "s"}`]),
    ...(ratePerMinute === null ? [] : [`${ratePerMinute}/min`]),
  ].join(", ") || "none"

const header = [
  "ID",
  "KEY",
  "STATE",
  "USER",
  "LAST USED (UTC)",
  "EXPIRES (UTC)",
  "LIMITS",
  "PERMISSIONS",
  "NAME",
]

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
      minuteOf(key.lastUsedAt),
      minuteOf(key.expiresAt),
      limitsOf(key),
      key.permissions.join(","),
      key.name,
    ]),
  ]
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}
