/**
 * One row of the table of wire cases: the bytes that an upstream answers with, and how a turn over it must end, both with
 * this upstream alone and with a second one behind it.
 */
import type { FinishReason, Outcome } from "../../src/domain/Outcome.ts"
import type { Bytes, Wire, WireKind } from "./Wires.ts"

/** After the body: a clean end, a reset, silence on an open connection, or pings for ever. */
export type Afterwards = "end" | "reset" | "hold" | "ping"

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Written one by one; a number waits so many milliseconds. */
  readonly body: ReadonlyArray<Bytes | number>
  /** `end` where absent. */
  readonly afterwards?: Afterwards
  /** The status of a LangGraph run after it; `success` where absent. */
  readonly runStatus?: string
}

/** Outcome and public code of an attempt at the upstream under test; a success has no code. */
export type Attempted = readonly [outcome: Outcome, code: string | null]

export interface Expected {
  /** `done`, or the code of the turn's error. */
  readonly end: string
  /** The text that a reader shows at the end, retracts applied. Absent: it does not matter. */
  readonly text?: string
  readonly finishReason?: FinishReason
  /** At the upstream under test, in order. */
  readonly attempts: ReadonlyArray<Attempted>
  /** With a second upstream: whether it is asked. */
  readonly secondAsked: boolean
}

export interface WireCase {
  readonly id: string
  /** Completes the sentence "An upstream that …". */
  readonly upstream: string
  readonly kinds: ReadonlyArray<WireKind>
  readonly answer: (wire: Wire) => Answer
  /** Later requests; the first answer again where absent. */
  readonly later?: (wire: Wire) => Answer
  readonly alone: Expected
  readonly withSecond: Expected
}

type Row = Omit<WireCase, "alone" | "withSecond">

/** A complete answer: the second upstream is never asked. */
export const answers = (
  row: Row,
  text = "Hello, café",
  finishReason: FinishReason = "stop",
  attempts: ReadonlyArray<Attempted> = [["success", null]],
): WireCase => {
  const expected: Expected = { end: "done", text, finishReason, attempts, secondAsked: false }
  return { ...row, alone: expected, withSecond: expected }
}

/** Each attempt fails in the same way; a second upstream gives the answer. */
export const fails = (row: Row, code: string, outcome: Outcome = "error", attempts = 1): WireCase => {
  const all = Array.from({ length: attempts }, (): Attempted => [outcome, code])
  return {
    ...row,
    alone: { end: code, attempts: all, secondAsked: false },
    withSecond: { end: "done", text: secondAnswer, finishReason: "stop", attempts: all, secondAsked: true },
  }
}

/** The turn ends with the error, and no other upstream may answer in its place. */
export const endsTurn = (row: Row, code: string, outcome: Outcome = "neutral"): WireCase => {
  const expected: Expected = { end: code, attempts: [[outcome, code]], secondAsked: false }
  return { ...row, alone: expected, withSecond: expected }
}

export const secondAnswer = "The second answer."
