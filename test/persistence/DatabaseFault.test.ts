import { assert, describe, it } from "@effect/vitest"
import {
  AuthenticationError,
  ConnectionError,
  SqlError,
  UniqueViolation,
  UnknownError,
} from "effect/sql/SqlError"
import { isFault, isReadOnly } from "../../src/persistence/DatabaseFault.ts"

const errorWith = (fields: object) =>
  new SqlError({ reason: new UnknownError({ cause: Object.assign(new Error("why"), fields) }) })

describe("an error of a database", () => {
  it.each([
    "25006",
    "53100",
    "53300",
    "57P01",
    "57P02",
    "57P03",
    "58030",
    "08006",
    "28P01",
    "3D000",
    "42501",
  ])("with SQLSTATE %s is a fault of the server", (code) => {
    assert.isTrue(isFault(errorWith({ code })))
  })

  it.each(["23505", "40001", "40P01", "57014", "55P03", "42601", "22001"])(
    "with SQLSTATE %s is an error of the statement",
    (code) => {
      assert.isFalse(isFault(errorWith({ code })))
    },
  )

  it("is a fault on SQLite for every variant of a full, read-only or failing disk", () => {
    for (const errcode of [13, 8, 10, 1032, 1288, 4874, 778, 14, 11, 26])
      assert.isTrue(isFault(errorWith({ code: "ERR_SQLITE_ERROR", errcode })), String(errcode))
    for (const errcode of [5, 6, 19, 2067, 1])
      assert.isFalse(isFault(errorWith({ code: "ERR_SQLITE_ERROR", errcode })), String(errcode))
  })

  it("is a fault without a connection, but not for an existing row or an error of another source", () => {
    const cause = new Error("why")
    assert.isTrue(isFault(new SqlError({ reason: new ConnectionError({ cause }) })))
    assert.isTrue(isFault(new SqlError({ reason: new AuthenticationError({ cause }) })))
    assert.isFalse(isFault(new SqlError({ reason: new UniqueViolation({ cause, constraint: "c" }) })))
    assert.isFalse(isFault(cause))
    assert.isFalse(isFault("no answer in 5 seconds"))
  })

  it("is that of a standby with 25006 only", () => {
    assert.isTrue(isReadOnly(errorWith({ code: "25006" })))
    assert.isFalse(isReadOnly(errorWith({ code: "53100" })))
  })
})
