/**
 * Statements whose text never changes, for the statements of each turn: the template is compiled once, because that costs as
 * much as SQLite's work on the statement.
 */
import * as Record from "effect/Record"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { Statement } from "effect/sql/Statement"

/** Stands for a value while the template is compiled. */
class Placeholder<Name> {
  readonly name: Name
  constructor(name: Name) {
    this.name = name
  }
}

export type Placeholders<Values> = { readonly [Name in keyof Values]: Placeholder<Name> }

/** `build` may use a placeholder several times, and other values, which then never change. */
export const fixed = <Values extends Readonly<Record<string, unknown>>>(
  sql: SqlClient.SqlClient,
  build: (at: Placeholders<Values>) => Statement<Row>,
): ((values: Values) => Statement<Row>) => {
  let compiled: readonly [text: string, params: ReadonlyArray<unknown>] | undefined
  return (values) => {
    // The first values give the names. All values of a statement have the same ones.
    compiled ??= build(placeholdersOf(values)).compile()
    const [text, params] = compiled
    const bound = params.map((param) => (param instanceof Placeholder ? values[param.name] : param))
    // oxlint-disable-next-line no-restricted-properties -- the text is a compiled template, and every value is a parameter
    const statement = sql.unsafe<Row>(text, bound)
    // The compiler enters each statement in a weak map, which costs the garbage collector more than the text is worth.
    return Object.assign(statement, { compile: () => [text, bound] as const })
  }
}

const placeholdersOf = <Values extends Readonly<Record<string, unknown>>>(values: Values) =>
  Record.map(values, (_, name) => new Placeholder(name)) as Placeholders<Values>
