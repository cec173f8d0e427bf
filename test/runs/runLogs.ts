/** Logs of one run, and the end of a run that went well. */
import type { RunDone } from "../../src/domain/Run.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { assistantMessageId, noon, runId, sessionId, text } from "../support/fixtures.ts"

export const done: { readonly event: "done"; readonly data: RunDone } = {
  event: "done",
  data: {
    sessionId,
    messageId: assistantMessageId,
    runId,
    usage: { tokens: 7, latencyMs: 20 },
    executionMode: "direct_llm",
  },
}

/** A log of texts "1", "2", …, that goes on. */
export const filled = (count: number): RunLog => {
  const log = new RunLog(runId)
  for (let n = 1; n <= count; n++) log.message(text(`${n}`), noon)
  return log
}
