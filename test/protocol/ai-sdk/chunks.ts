/** Reads the bytes of a UI message stream as the AI SDK does: with its own parser, schema and message builder. */
import {
  parseJsonEventStream,
  readUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
  uiMessageChunkSchema,
} from "ai"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { draft as validDraft } from "../../../src/protocol/agent2ui/Message.ts"
import { type Continued, uiStream } from "../../../src/protocol/ai-sdk/UiStream.ts"
import type { LogEntry, RunEvent } from "../../../src/runs/RunEvent.ts"
import { RunLog } from "../../../src/runs/RunLog.ts"
import type { RunDone } from "../../../src/domain/Run.ts"
import { assistantMessageId, noon, run, runId, sessionId } from "../../support/fixtures.ts"

export const done: RunDone = {
  sessionId,
  messageId: assistantMessageId,
  runId,
  usage: { tokens: 7, latencyMs: 1 },
  executionMode: "direct_llm",
  finishReason: "stop",
}

export const failed: RunEvent = {
  event: "error",
  data: { code: "LLM_UNAVAILABLE", message: "No model answers.", runId, recoverable: true },
}

export const entriesOf = (
  drafts: ReadonlyArray<Draft>,
  end: RunEvent = { event: "done", data: done },
): ReadonlyArray<LogEntry> => {
  const log = new RunLog(runId)
  for (const each of drafts) log.message(validDraft(each), noon)
  if (end.event !== "message") log.end(end)
  return log.read(0)
}

export const bytesOf = (entries: ReadonlyArray<LogEntry>, continued?: Continued): string => {
  const encoder = uiStream(continued).encoder(run())
  return encoder.opening(0) + encoder.frames(entries)
}

/** Fails at a chunk that the schema of the package refuses. */
export const chunksOf = async (bytes: string): Promise<ReadonlyArray<UIMessageChunk>> => {
  const parsed = parseJsonEventStream({
    stream: new Blob([bytes]).stream(),
    schema: uiMessageChunkSchema,
  })
  const chunks: Array<UIMessageChunk> = []
  for await (const result of parsed) {
    if (!result.success) throw result.error
    chunks.push(result.value)
  }
  return chunks
}

export interface Shown {
  readonly message: UIMessage | undefined
  readonly errors: ReadonlyArray<string>
}

/** The message that the package builds of the chunks. */
export const shown = async (bytes: string, message?: UIMessage): Promise<Shown> => {
  const errors: Array<string> = []
  const stream = ReadableStream.from(await chunksOf(bytes))
  const states = readUIMessageStream({
    ...(message === undefined ? {} : { message }),
    stream,
    onError: (error) => errors.push(String(error)),
  })
  let last: UIMessage | undefined
  for await (const state of states) last = state
  return { message: last, errors }
}
