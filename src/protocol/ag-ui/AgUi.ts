/**
 * AG-UI 1.0, the protocol of `@ag-ui/client` and of the front ends on it. A stream starts with RUN_STARTED, closes all that it
 * has opened, and ends with RUN_FINISHED or RUN_ERROR. Messages that AG-UI has no event for are CUSTOM events `agent2ui`.
 *
 * One event of the run may be several frames. Only the last one has its id.
 */
import { eventId } from "../../domain/EventId.ts"
import type { Run, RunError } from "../../domain/Run.ts"
import type { LogEntry } from "../../runs/RunEvent.ts"
import { errorBody } from "../agent2ui/Frame.ts"
import { fenced } from "../agent2ui/Fence.ts"
import type { Message } from "../agent2ui/Message.ts"
import type { Encoder, OutputProtocol, StreamError } from "../Encoder.ts"
import { contentType, dataFrame } from "../Sse.ts"
import { Blocks } from "./Blocks.ts"
import { Calls, type EarlierCall } from "./Calls.ts"
import type * as AgUi from "./Event.ts"
import { protocolVersion } from "./Event.ts"
import { interruptOf, resultOf } from "./Outcomes.ts"
import { Steps } from "./Steps.ts"
import { Transcript } from "./Transcript.ts"

/** The data of the request that the stream repeats. */
export interface Request {
  readonly threadId: string
  readonly runId: string
  readonly parentRunId?: string | undefined
  /** The client's messages that a snapshot must repeat. */
  readonly messages: ReadonlyArray<AgUi.Message>
  /** The calls of the interrupted run that this run continues, by their ids at the agent. */
  readonly calls: ReadonlyMap<string, EarlierCall>
  /** The fields of the request without effect. */
  readonly ignored: ReadonlyArray<string>
}

const heartbeat = ": heartbeat\n\n"

/** Shown text must be taken back, and the stream no longer has the rest of the answer. */
const retracted = {
  code: "ANSWER_RETRACTED",
  message: "The answer had to be begun again. Send the message again.",
}

class AgUiEncoder implements Encoder {
  readonly #run: Run
  readonly #request: Request
  readonly #blocks = new Blocks()
  readonly #calls: Calls
  readonly #steps: Steps
  readonly #transcript = new Transcript()
  #interrupts: Array<AgUi.Interrupt> = []
  #ended = false

  constructor(run: Run, request: Request) {
    this.#run = run
    this.#request = request
    this.#calls = new Calls(run.id, request.calls)
    this.#steps = new Steps(`${run.id}/plan`)
  }

  get ended(): boolean {
    return this.#ended
  }

  opening(): string {
    const { ignored, parentRunId, runId, threadId } = this.#request
    const { createdAt, id, sessionId } = this.#run
    return this.#framed([
      {
        type: "RUN_STARTED",
        threadId,
        runId,
        ...(parentRunId === undefined ? {} : { parentRunId }),
        protocolVersion,
        timestamp: createdAt,
        metadata: { agent2ui: { sessionId, runId: id, ...(ignored.length === 0 ? {} : { ignored }) } },
      },
    ])
  }

  frames(entries: ReadonlyArray<LogEntry>): string {
    let text = ""
    for (const entry of entries) {
      if (this.#ended) break
      text += this.#framed(this.#events(entry), entry.seq)
    }
    return text
  }

  skip(entry: LogEntry): void {
    this.#events(entry)
  }

  heartbeat(): string {
    return heartbeat
  }

  closing(error: StreamError, seq: number): string {
    return this.#framed(this.#failed(error), seq)
  }

  #framed(events: ReadonlyArray<AgUi.Event>, seq?: number): string {
    let text = ""
    for (const [index, event] of events.entries()) {
      const isLast = index === events.length - 1
      const id = isLast && seq !== undefined ? eventId(this.#run.id, seq) : undefined
      text += dataFrame(id, JSON.stringify(event))
    }
    return text
  }

  #events({ event, seq }: LogEntry): ReadonlyArray<AgUi.Event> {
    if (event.event === "error") return this.#error(event.data)
    if (event.event === "done") return this.#finished({ outcome: this.#outcome(), ...resultOf(event.data) })
    const events = this.#message(event.data, seq)
    for (const each of events) this.#transcript.add(each, seq)
    return events
  }

  #message(message: Message, seq: number): ReadonlyArray<AgUi.Event> {
    const id = eventId(this.#run.id, seq)
    switch (message.type) {
      case "text":
      case "markdown":
        return this.#blocks.text(message.data.content, id)
      case "code":
        return this.#blocks.text(`\n${fenced(message.data.code, message.data.language)}\n`, id)
      case "thinking":
        return this.#thinking(message, id)
      case "plan":
        return this.#steps.plan(message.data)
      case "plan_step":
        return this.#steps.step(message.data)
      case "tool_call":
      case "skill_call":
      case "mcp_call":
        return [...this.#blocks.close(), ...this.#calls.call(message, seq)]
      case "tool_result":
      case "skill_result":
      case "mcp_result":
        return [...this.#blocks.close(), ...this.#calls.result(message, seq)]
      case "interrupt":
        return this.#interrupt(message, seq)
      case "fallback":
        return [...this.#close(), ...this.#steps.abandon(), custom(message)]
      case "retract":
        return this.#retract(message)
      default:
        return [custom(message)]
    }
  }

  #thinking(
    { data: { content, stage }, metadata }: Extract<Message, { readonly type: "thinking" }>,
    id: string,
  ): ReadonlyArray<AgUi.Event> {
    const callId = metadata?.callId
    const subagentRunId = this.#calls.subagentOf(callId)
    return this.#blocks.thinking({ delta: content, stage, callId, subagentRunId }, id)
  }

  #interrupt(
    message: Extract<Message, { readonly type: "interrupt" }>,
    seq: number,
  ): ReadonlyArray<AgUi.Event> {
    const { events, toolCallId } = this.#calls.waiting(message, seq)
    this.#interrupts.push(interruptOf(message.data, toolCallId))
    return [...this.#blocks.close(), ...events, custom(message)]
  }

  /** AG-UI takes text back only by a snapshot of the messages that stay. */
  #retract(message: Extract<Message, { readonly type: "retract" }>): ReadonlyArray<AgUi.Event> {
    const closing = this.#blocks.close()
    this.#transcript.retract(message.data.fromSeq, message.data.toSeq)
    const stay = this.#transcript.messages
    if (stay === undefined) return [...closing, ...this.#failed(retracted)]
    return [
      ...closing,
      { type: "MESSAGES_SNAPSHOT", messages: [...this.#request.messages, ...stay] },
      custom(message),
    ]
  }

  #outcome(): AgUi.Outcome {
    const interrupts = this.#interrupts
    return interrupts.length === 0 ? { type: "success" } : { type: "interrupt", interrupts }
  }

  #finished(
    end: Omit<Extract<AgUi.Event, { readonly type: "RUN_FINISHED" }>, "runId" | "threadId" | "type">,
  ): ReadonlyArray<AgUi.Event> {
    this.#ended = true
    const { runId, threadId } = this.#request
    const calls = end.outcome.type === "interrupt" ? this.#calls.suspend() : this.#calls.close()
    return [
      ...this.#blocks.close(),
      ...calls,
      ...this.#steps.close(),
      { type: "RUN_FINISHED", threadId, runId, ...end },
    ]
  }

  /** A cancelled run has not failed. */
  #error(error: RunError): ReadonlyArray<AgUi.Event> {
    return error.code === "EXECUTION_CANCELLED"
      ? this.#finished({ outcome: { type: "cancelled" }, metadata: { agent2ui: error } })
      : this.#failed(error)
  }

  #failed(error: { readonly code: string; readonly message: string }): ReadonlyArray<AgUi.Event> {
    this.#ended = true
    const { code, message } = error
    return [
      ...this.#close(),
      ...this.#steps.close(),
      { type: "RUN_ERROR", message, code, metadata: { agent2ui: error } },
    ]
  }

  #close(): ReadonlyArray<AgUi.Event> {
    return [...this.#blocks.close(), ...this.#calls.close()]
  }
}

const custom = (value: Message): AgUi.Event => ({ type: "CUSTOM", name: "agent2ui", value })

export const agUi = (request: Request): OutputProtocol => ({
  contentType,
  encoder: (run) => new AgUiEncoder(run, request),
  error: errorBody,
})
