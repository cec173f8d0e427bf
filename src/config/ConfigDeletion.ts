/** The variables of deletion and retention: part of the table in `Config`. */
import type { MessageRetention } from "../domain/MessageRetention.ts"
import { list, number, optionalText, type Variable } from "./ConfigVariable.ts"

const mostDays = 36_500

const daysOf = (text: string): number | undefined =>
  /^\d{1,5}$/.test(text) && Number(text) <= mostDays ? Number(text) : undefined

/** An organisation's id may contain colons, so the last one separates the days. */
const entryOf = (item: string): readonly [string | null, number | undefined] => {
  const colon = item.lastIndexOf(":")
  return colon < 0
    ? [null, daysOf(item)]
    : [item.slice(0, colon).trim(), daysOf(item.slice(colon + 1).trim())]
}

/** `365,acme:30,globex:0`: a number for all organisations, and numbers for single ones. */
const parse = (text: string): MessageRetention | undefined => {
  const orgs = new Map<string, number>()
  let days: number | undefined
  for (const [orgId, found] of list(text).map(entryOf)) {
    if (found === undefined || orgId === "" || (orgId?.length ?? 0) > 200) return undefined
    if (orgId === null ? days !== undefined : orgs.has(orgId)) return undefined
    if (orgId === null) days = found
    else orgs.set(orgId, found)
  }
  return { days: days ?? 0, orgs }
}

const messagesRetention: Variable<MessageRetention> = {
  ...optionalText(
    "Retention of messages, with their runs and everything that belongs to them. 0: forever. An organisation can have its own: `365,acme:30,globex:0`.",
    `a whole number of days from 0 to ${mostDays}, and organisation:days, separated by commas; each once`,
  ),
  default: "0",
  parse,
}

export const deletionVariables = {
  DELETE_GRACE_DAYS: number({
    default: 0,
    min: 0,
    max: 3650,
    unit: "days",
    about: "Time in which a deleted session or message can be restored. 0: it is removed at once.",
  }),
  MESSAGES_RETENTION_DAYS: messagesRetention,
}
