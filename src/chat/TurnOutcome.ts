/** Derives the end of a run from the result of its execution. Pure. */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Agent } from "../domain/Agent.ts"
import type { PromptMessage } from "../domain/History.ts"
import { type MessageRecord, ofAnswer } from "../domain/MessageRecord.ts"
import type { Usage } from "../domain/Outcome.ts"
import type { EndOfRun, Run, RunError } from "../domain/Run.ts"
import { estimateTokens } from "../domain/TokenEstimate.ts"
import type { Turn } from "../execution/Executor.ts"
import type { AttemptFailed, TurnEvent } from "../execution/TurnEvent.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Transcript } from "../runs/Transcript.ts"
import * as TerminalEvent from "../runs/TerminalEvent.ts"
import { failedError } from "./TurnFailure.ts"

export class RunTooLarge extends Data.TaggedError("RunTooLarge") {}

type Failure = AttemptFailed | RunTooLarge | StoreError
export type Finished = Extract<TurnEvent, { readonly _tag: "Finished" }>
export type Ended = Omit<EndOfRun, "assistantMessageId" | "endedAt"> & {
  /** The text that the reader has seen. */
  readonly text: string
  /** True if the text is the answer of the turn, so that later turns refer to it. */
  readonly isAnswer: boolean
  readonly record?: MessageRecord | undefined
}

export const usageOf = (
  reported: Usage | undefined,
  agent: Agent,
  history: ReadonlyArray<PromptMessage>,
  answer: string,
): Usage => reported ?? { tokens: estimateTokens(agent, history, answer), estimated: true }

/** Reasons outside the run that ended it. */
export interface Endings {
  /** Memory was short and this run was the largest. */
  memory: boolean
  /** The process is shutting down. */
  stopped: boolean
}

export const failed = (
  error: RunError,
  text: string,
  status: "failed" | "cancelled" | "interrupted" = "failed",
): Ended => ({
  status,
  executionMode: null,
  error,
  usage: null,
  model: null,
  finishReason: null,
  text,
  // Text shown before a cancel stays: the user has read it, and the next turn may refer to it.
  isAnswer: status === "cancelled" && text !== "",
})

const failureOf = (
  run: Run,
  cause: Cause.Cause<Failure>,
  { text }: Transcript,
  { memory, stopped }: Endings,
): Ended => {
  const error = Exit.findErrorOption(Exit.failCause(cause))
  if (Option.isSome(error)) {
    switch (error.value._tag) {
      case "AttemptFailed":
        return failed(failedError(run, error.value), text)
      case "RunTooLarge":
        return failed(TerminalEvent.tooLargeError(run), text)
      case "StoreError":
        return failed(TerminalEvent.internalError(run), text)
    }
  }
  const isInterrupted = Exit.hasInterrupts(Exit.failCause(cause))
  if (memory && isInterrupted) return failed(TerminalEvent.memoryError(run), text)
  if (stopped && isInterrupted) return failed(TerminalEvent.interruptedError(run), text, "interrupted")
  return isInterrupted
    ? failed(TerminalEvent.cancelledError(run), text, "cancelled")
    : failed(TerminalEvent.internalError(run), text)
}

export const of = (
  { run, turn }: { readonly run: Run; readonly turn: Turn },
  exit: Exit.Exit<Finished | undefined, Failure>,
  shown: Transcript,
  endings: Endings,
): Ended => {
  if (Exit.isFailure(exit)) return failureOf(run, exit.cause, shown, endings)
  const finished = exit.value
  if (finished === undefined) return failed(TerminalEvent.internalError(run), shown.text)
  const { agent, history } = turn
  const { text } = shown
  return {
    status: "completed",
    executionMode: finished.mode,
    error: null,
    usage: usageOf(finished.usage, agent, history, text),
    model: finished.model ?? null,
    finishReason: shown.interrupts.length > 0 ? "interrupt" : (finished.finishReason ?? "stop"),
    text,
    isAnswer: true,
    record: ofAnswer(shown.interrupts, finished.record),
  }
}
