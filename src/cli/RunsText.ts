/** The texts that `crossfade runs` prints. Pure. */
import type { RunView } from "../api/OperatorRunsApi.ts"
import type { ListedRun } from "../domain/ListedRun.ts"
import { aligned } from "./Columns.ts"
import { printable } from "../domain/PlainText.ts"
import { timeOf } from "./Times.ts"

const durationOf = (from: number, to: number | null): string =>
  to === null ? "running" : `${((to - from) / 1000).toFixed(1)} s`

const header = ["STARTED", "RUN", "ORG", "USER", "STATUS", "TOOK", "MODE", "REASON", "CODE", "RATING"]

export const rows = (runs: ReadonlyArray<ListedRun>, now: number): ReadonlyArray<string> =>
  runs.length === 0
    ? ["No run matches."]
    : aligned([
        header,
        ...runs.map((run) => [
          timeOf(run.createdAt, now),
          run.id,
          run.orgId,
          run.userId,
          run.status,
          durationOf(run.createdAt, run.endedAt),
          run.executionMode ?? "-",
          run.reason,
          run.code ?? "-",
          run.feedback?.rating ?? "-",
        ]),
      ])

const attemptsOf = ({ attempts }: RunView): ReadonlyArray<string> =>
  attempts.map(
    ({ code, durationMs, firstContentMs, mode, number, outcome, shadow, target }) =>
      `attempt ${number}   ${mode} (${target})${shadow ? ", shadow" : ""}: ${code ?? outcome}, ${durationMs} ms, ` +
      (firstContentMs === null ? "no content" : `first content after ${firstContentMs} ms`),
  )

const contentOf = ({ content }: RunView): ReadonlyArray<string> => {
  if (content === null) return []
  const { answer, comment, execution, question } = content
  return [
    ...execution.map(
      ({ durationMs, kind, name, status }) =>
        `${kind.padEnd(11)} ${name}: ${status}, ${durationMs ?? "?"} ms`,
    ),
    ...(comment === null ? [] : ["", "COMMENT", comment]),
    ...(question === null ? [] : ["", "QUESTION", question.content]),
    ...(answer === null ? [] : ["", "ANSWER", answer.content]),
  ]
}

export const account = (run: RunView, now: number): ReadonlyArray<string> => {
  const { decision, error, feedback, times } = run
  const decided = decision.rules.find((rule) => rule.decided)
  return [
    `run         ${run.id}`,
    `user        ${run.userId} of ${run.orgId}, session ${run.sessionId}`,
    `started     ${timeOf(run.createdAt, now)}, took ${durationOf(run.createdAt, run.endedAt)}`,
    `status      ${run.status}${error === null ? "" : ` ${error.code}: ${error.message}`}`,
    `mode        ${run.executionMode ?? "none"}; decided by ${decision.reason}${decided === undefined ? "" : `: ${decided.result}`}`,
    `overhead    ${times.overheadMs ?? "?"} ms, longest silence ${times.longestSilenceMs ?? "?"} ms`,
    `rating      ${feedback === null ? "none" : `${feedback.rating ?? "-"}, score ${feedback.score ?? "-"}`}`,
    `trace       ${run.traceId ?? "none"}`,
    ...attemptsOf(run),
    ...contentOf(run),
  ].map(printable)
}
