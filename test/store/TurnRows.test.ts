import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Attempt, Run } from "../../src/domain/Run.ts"
import { ChatMessage, Session } from "../../src/domain/Session.ts"
import * as Rows from "../../src/store/SqlRows.ts"
import { attemptRow, messageRow, runEndRow, runRow, sessionRow } from "../../src/store/TurnRows.ts"

const jsonColumns = ["title", "content", "decision", "error", "usage"]

/** The keys inside a column's JSON have no order. */
const read = (row: object) =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      jsonColumns.includes(column) && value !== null ? JSON.parse(value) : value,
    ]),
  )

const same = (row: object, encoded: object) => assert.deepStrictEqual(read(row), read(encoded))

describe("the rows of a turn", () => {
  it.prop(
    "equal the encoding by their schemas",
    [Session, ChatMessage, Run, Attempt],
    ([session, message, run, attempt]) => {
      same(sessionRow(session), Schema.encodeSync(Rows.SessionRow)(session))
      same(messageRow(message), Schema.encodeSync(Rows.MessageRow)(message))
      same(runEndRow(run), Schema.encodeSync(Rows.RunEndRow)(run))
      same(runRow(run), Schema.encodeSync(Rows.RunRow)(run))
      same(attemptRow(attempt), Schema.encodeSync(Rows.AttemptRow)(attempt))
    },
  )
})
