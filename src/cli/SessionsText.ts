/** The texts that `crossfade sessions` prints. Pure. */
import type { Session, SessionOverview } from "../client/Contract.ts"
import { aligned } from "./Columns.ts"
import { printable } from "../domain/PlainText.ts"
import { timeOf } from "./Times.ts"

export const sessionRows = (sessions: ReadonlyArray<SessionOverview>, now: number): ReadonlyArray<string> =>
  sessions.length === 0
    ? ["There are no sessions."]
    : aligned([
        ["SESSION", "LAST ACTIVITY", "STATUS", "MESSAGES", "TITLE"],
        ...sessions.map(({ id, messageCount, pinned, status, title, updatedAt }) => [
          id,
          timeOf(updatedAt, now),
          status,
          String(messageCount),
          `${pinned ? "(pinned) " : ""}${title}`,
        ]),
      ]).map(printable)

export const messageLines = (session: Session, now: number): ReadonlyArray<string> =>
  [
    `${session.title} (${session.id})`,
    ...session.messages.flatMap(({ content, createdAt, role }) => [
      "",
      `${role.toUpperCase()}, ${timeOf(createdAt, now)}`,
      ...content.split("\n"),
    ]),
  ].map(printable)
