/** Reads the bytes of an AG-UI stream with the real client, `HttpAgent`, and records all that it complains about. */
import { HttpAgent } from "@ag-ui/client"
import type { BaseEvent, Message, RunFinishedEvent } from "@ag-ui/core"
import { vi } from "vitest"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { agUi, type Request } from "../../../src/protocol/ag-ui/AgUi.ts"
import type { RunDone } from "../../../src/domain/Run.ts"
import { RunLog } from "../../../src/runs/RunLog.ts"
import { assistantMessageId, noon, run, runId, sessionId } from "../../support/fixtures.ts"

export const request: Request = { threadId: "t-1", runId: "r-1", messages: [], calls: new Map(), ignored: [] }

export const done: RunDone = {
  sessionId,
  messageId: assistantMessageId,
  runId,
  usage: { tokens: 7, inputTokens: 3, outputTokens: 4, latencyMs: 1 },
  executionMode: "direct_llm",
  model: "m-1",
}

/** The bytes of a whole run. */
export const bytesOf = (drafts: ReadonlyArray<Draft>, own: Partial<Request> = {}): string => {
  const log = new RunLog(runId)
  for (const draft of drafts) log.message(draft, noon)
  log.end({ event: "done", data: done })
  const encoder = agUi({ ...request, ...own }).encoder(run())
  return encoder.opening(0) + encoder.frames(log.read(0))
}

export interface Read {
  readonly events: ReadonlyArray<BaseEvent>
  readonly messages: ReadonlyArray<Message>
  readonly finished: RunFinishedEvent | undefined
  readonly result: unknown
  /** Warnings, errors of the console, and the failure of the run. */
  readonly complaints: ReadonlyArray<string>
}

/** Runs `use` and gives all that was written to the console meanwhile. */
export const complaintsOf = async (use: () => Promise<unknown>): Promise<ReadonlyArray<string>> => {
  const complaints: Array<string> = []
  const spies = (["warn", "error"] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...args) => void complaints.push(args.map(String).join(" "))),
  )
  try {
    await use()
  } catch (error) {
    complaints.push(String(error))
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return complaints
}

export const readBy = async (agent: HttpAgent, parameters: Parameters<HttpAgent["runAgent"]>[0] = {}) => {
  const events: Array<BaseEvent> = []
  let result: unknown
  const complaints = await complaintsOf(async () => {
    const answer = await agent.runAgent(parameters, { onEvent: ({ event }) => void events.push(event) })
    result = answer.result
  })
  const finished = events.find((event): event is RunFinishedEvent => event.type === "RUN_FINISHED")
  const read: Read = { events, messages: agent.messages, finished, result, complaints }
  return read
}

/** The client's view of these bytes. */
export const read = (bytes: string, messages: ReadonlyArray<Message> = []): Promise<Read> =>
  readBy(
    new HttpAgent({
      url: "http://gateway.test",
      threadId: request.threadId,
      initialMessages: [...messages],
      fetch: () => Promise.resolve(new Response(bytes, { headers: { "content-type": "text/event-stream" } })),
    }),
    { runId: request.runId },
  )
