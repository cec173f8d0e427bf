/** Writes the one log line of a turn, at its end. The run's annotations add the run id. */
import * as Effect from "effect/Effect"
import type { Run } from "../domain/Run.ts"
import type { Turn } from "../execution/Executor.ts"
import { LogContent } from "../telemetry/Logs.ts"

export const log = (run: Run, turn: Turn, answer: string): Effect.Effect<void> =>
  Effect.flatMap(LogContent, (content) =>
    Effect.logInfo("turn ended").pipe(
      Effect.annotateLogs({
        status: run.status,
        mode: run.executionMode ?? "none",
        reason: run.decision.reason,
        orgId: run.orgId,
        sessionId: run.sessionId,
        latencyMs: (run.endedAt ?? run.createdAt) - run.createdAt,
        ...(run.error === null ? {} : { code: run.error.code }),
        ...(content ? { question: turn.message, answer } : {}),
      }),
    ),
  )
