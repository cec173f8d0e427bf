/**
 * Maps the events of one AG-UI run to an executor's events. Plain code, one per response.
 *
 * The parts with rules of their own are beside it: calls, steps and sub-agents, activities, interrupts, and the conversation
 * for later turns. `RuntimeAnswer` holds text back while it may be an error, and compares the answer with the last snapshot.
 */
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { ErrorPattern } from "../../domain/RuntimeErrorText.ts"
import type { RunId } from "../../domain/Ids.ts"
import { draft, reasoningDraft, textDraft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import * as AgentDrafts from "../AgentDrafts.ts"
import type { ExecutionError } from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { isModelName } from "../ModelName.ts"
import { RuntimeAnswer } from "../runtime/RuntimeAnswer.ts"
import { AgUiActivities } from "./AgUiActivities.ts"
import * as AgUiCallFacts from "./AgUiCallFacts.ts"
import { AgUiCalls } from "./AgUiCalls.ts"
import { AgUiConversation, type Sent } from "./AgUiConversation.ts"
import * as AgUiEnd from "./AgUiEnd.ts"
import type { Waiting } from "./AgUiInterrupts.ts"
import { recordFor } from "./AgUiPast.ts"
import { AgUiScopes } from "./AgUiScopes.ts"
import type { AgUiEvent, EventOf } from "./AgUiWire.ts"
import * as JsonPatch from "./JsonPatch.ts"

/** The name of a custom event with an Agent2UI draft. */
const draftEvent = "agent2ui"

/** The facts of the turn that the mapping needs. */
export interface Facts extends Sent {
  readonly runId: RunId
  /** The names of the calls in earlier answers, by id. */
  readonly pastCalls: ReadonlyMap<string, string>
  readonly state: Schema.Json | undefined
  /** The thread, if it is not the session's own. */
  readonly thread?: string | undefined
  readonly errorPatterns: ReadonlyArray<ErrorPattern>
}

export class AgUiMapping {
  error: ExecutionError | undefined
  finished = false

  readonly #calls: AgUiCalls
  readonly #scopes = new AgUiScopes()
  readonly #activities = new AgUiActivities()
  readonly #conversation: AgUiConversation
  readonly #answer: RuntimeAnswer
  /** Messages of other roles: some servers repeat the user's. */
  readonly #foreign = new Set<string>()
  readonly #customInterrupts: Array<EventOf<"CUSTOM">> = []
  readonly #thread: string | undefined
  #state: Schema.Json | undefined
  /** The message and the call of the last chunk. */
  #textChunk = ""
  #reasoningChunk = ""
  #callChunk: string | undefined
  #hasOwnText = false

  constructor({ errorPatterns, pastCalls, runId, state, thread, ...sent }: Facts) {
    this.#calls = new AgUiCalls(pastCalls)
    this.#conversation = new AgUiConversation(sent)
    this.#answer = new RuntimeAnswer(runId, errorPatterns)
    this.#state = state
    this.#thread = thread
  }

  /** Returns false if the event is a custom event with an invalid draft. */
  add(event: AgUiEvent): boolean {
    if (event.type !== "TEXT_MESSAGE_CONTENT") this.#before(event)
    const accepted = this.#map(event)
    this.#showCalls()
    return accepted
  }

  take(): ReadonlyArray<ExecutionEvent> {
    return this.#answer.take()
  }

  /** An end of any kind without `RUN_FINISHED`: a started call may have run. */
  flush(): void {
    this.#calls.flush()
    this.#showCalls()
  }

  /** Stands for an unreadable event that may have been a call, so that the turn does not run again. */
  unreadableCall(): void {
    this.#calls.unreadable()
    this.#showCalls()
  }

  #show(draft: ValidDraft | undefined): void {
    if (draft !== undefined) this.#answer.add([{ _tag: "Message", draft }])
  }

  #showCalls(): void {
    for (const draft of this.#calls.take()) this.#show(draft)
  }

  /** Facts about calls that only the event after them has. */
  #before(event: AgUiEvent): void {
    if (this.#callChunk !== undefined && event.type !== "TOOL_CALL_CHUNK") this.#endCallChunk()
    const waiting = this.#calls.pendingResult
    if (event.type === "REASONING_ENCRYPTED_VALUE" && event.entityId === waiting?.messageId)
      return this.#calls.settle(AgUiCallFacts.succeeded(event.encryptedValue))
    if (event.type === "STATE_SNAPSHOT") AgUiCallFacts.readState(this.#calls, event.snapshot)
    if (event.type === "MESSAGES_SNAPSHOT") {
      const own = this.#conversation.snapshot(event.messages)
      AgUiCallFacts.readMessages(this.#calls, own, this.#scopes.metadata)
    }
    this.#calls.settle(true)
    if (!event.type.startsWith("TOOL_CALL_") || event.type === "TOOL_CALL_RESULT") this.#calls.release()
  }

  #map(event: AgUiEvent): boolean {
    switch (event.type) {
      case "TEXT_MESSAGE_START":
        this.#startText(event.messageId, event.role)
        return true
      case "TEXT_MESSAGE_CONTENT":
        this.#text(event.messageId, event.delta, event.subagentRunId)
        return true
      case "TEXT_MESSAGE_CHUNK":
        this.#startText(event.messageId ?? this.#textChunk, event.role)
        this.#textChunk = event.messageId ?? this.#textChunk
        this.#text(this.#textChunk, event.delta ?? "", event.subagentRunId)
        return true
      case "REASONING_MESSAGE_CONTENT":
        this.#reasoning(event.messageId, event.delta, event.subagentRunId)
        return true
      case "REASONING_MESSAGE_CHUNK":
        this.#reasoningChunk = event.messageId ?? this.#reasoningChunk
        this.#reasoning(this.#reasoningChunk, event.delta ?? "", event.subagentRunId)
        return true
      case "REASONING_ENCRYPTED_VALUE":
        this.#conversation.encrypted(event)
        return true
      case "CUSTOM":
        return this.#custom(event)
      case "RUN_ERROR":
        this.#fail(AgUiEnd.failureOf(event))
        return true
      case "RUN_FINISHED":
        this.#finish(event)
        return true
      default:
        this.#mapCall(event)
        this.#mapScope(event)
        return true
    }
  }

  #mapCall(event: AgUiEvent): void {
    switch (event.type) {
      case "TOOL_CALL_START":
        return this.#startCall(event.toolCallId, event.toolCallName, event)
      case "TOOL_CALL_ARGS":
        return this.#arguments(event.toolCallId, event.delta)
      case "TOOL_CALL_END":
        return this.#calls.end(event.toolCallId, this.#scopes.isInStep)
      case "TOOL_CALL_CHUNK":
        return this.#addCallChunk(event)
      case "TOOL_CALL_RESULT": {
        const { content, messageId, subagentRunId, toolCallId } = event
        this.#calls.result({ messageId, callId: toolCallId, content, metadata: this.#scopes.metadata })
        if (subagentRunId === undefined) this.#conversation.result(messageId, toolCallId, content)
        return
      }
    }
  }

  #mapScope(event: AgUiEvent): void {
    switch (event.type) {
      case "STEP_STARTED":
        return this.#show(this.#scopes.startStep(event.stepName))
      case "STEP_FINISHED":
        return this.#show(this.#scopes.finishStep(event.stepName))
      case "SUBAGENT_STARTED":
        return this.#show(this.#scopes.startSubagent(event))
      case "SUBAGENT_FINISHED":
        return this.#show(this.#scopes.finishSubagent(event))
      case "SUBAGENT_ERROR":
        return this.#show(this.#scopes.failSubagent(event.subagentRunId))
      case "ACTIVITY_SNAPSHOT":
        return this.#show(this.#activities.snapshot(event))
      case "ACTIVITY_DELTA":
        return this.#show(this.#activities.delta(event))
      case "STATE_SNAPSHOT":
        this.#state = event.snapshot
        return
      case "STATE_DELTA":
        this.#state = JsonPatch.apply(this.#state ?? {}, event.delta) ?? this.#state
    }
  }

  #startText(id: string, role: EventOf<"TEXT_MESSAGE_START">["role"]): void {
    if (role === "assistant") this.#foreign.delete(id)
    else if (role !== undefined) this.#foreign.add(id)
  }

  /** Empty text shows nothing, so it must neither commit the answer nor count as one. */
  #text(id: string, delta: string, subagentRunId: string | undefined): void {
    if (delta === "" || this.#foreign.has(id)) return
    this.#before({ type: "TEXT_MESSAGE_CONTENT", messageId: id, delta })
    if (subagentRunId !== undefined) return this.#thinking(delta, subagentRunId)
    this.#showCalls()
    this.#calls.pass()
    this.#conversation.text(id, delta)
    const metadata = this.#scopes.isInStep ? this.#scopes.metadata : undefined
    this.#show(textDraft(delta, metadata))
  }

  #reasoning(id: string, delta: string, subagentRunId: string | undefined): void {
    if (delta === "") return
    if (subagentRunId !== undefined) return this.#thinking(delta, subagentRunId)
    this.#conversation.reasoning(id, delta)
    this.#show(reasoningDraft(delta))
  }

  #thinking(content: string, subagentRunId: string): void {
    const metadata = this.#scopes.metadataOf(subagentRunId)
    this.#show(draft({ type: "thinking", data: { content }, metadata }))
  }

  #startCall(
    id: string,
    name: string,
    { parentMessageId, subagentRunId }: { parentMessageId?: string; subagentRunId?: string },
  ): void {
    const isOwn = subagentRunId === undefined && !this.#calls.isKnown(id)
    this.#calls.start(id, name, this.#scopes.metadata)
    if (isOwn) this.#conversation.call(id, name, parentMessageId)
  }

  #arguments(id: string, delta: string): void {
    if (!this.#calls.isKnown(id)) return this.unreadableCall()
    if (!this.#calls.addArguments(id, delta)) return this.#fail(AgUiEnd.tooManyArguments)
    this.#conversation.callArguments(id, delta)
  }

  #addCallChunk({ delta, toolCallId, toolCallName, ...rest }: EventOf<"TOOL_CALL_CHUNK">): void {
    if (toolCallId !== undefined && toolCallId !== this.#callChunk) {
      this.#endCallChunk()
      this.#callChunk = toolCallId
      if (toolCallName !== undefined || !this.#calls.isKnown(toolCallId))
        this.#startCall(toolCallId, toolCallName ?? "unknown", rest)
    }
    if (this.#callChunk === undefined) this.unreadableCall()
    else if (delta !== undefined) this.#arguments(this.#callChunk, delta)
  }

  #endCallChunk(): void {
    if (this.#callChunk !== undefined) this.#calls.end(this.#callChunk, this.#scopes.isInStep)
    this.#callChunk = undefined
  }

  #custom(event: EventOf<"CUSTOM">): boolean {
    if (event.name === "on_interrupt") this.#customInterrupts.push(event)
    if (event.name !== draftEvent) return true
    const own = Option.getOrUndefined(AgentDrafts.draftOf(event.value))
    if (own?.type === "text") this.#hasOwnText = true
    this.#show(own)
    return own !== undefined
  }

  #fail(error: ExecutionError): void {
    this.flush()
    this.error = error
  }

  #finish(event: EventOf<"RUN_FINISHED">): void {
    if (event.outcome?.type === "cancelled") return this.#fail(AgUiEnd.cancelled)
    this.flush()
    // A snapshot has no text of the agent's own drafts.
    const final = this.#hasOwnText ? "" : (this.#conversation.finalText ?? "")
    // The runtime's own sentence may contain hosts or keys, so it is not passed on.
    if (!this.#answer.end(final)) return this.#fail(AgUiEnd.saidAsText)
    const waiting = AgUiEnd.interruptsOf(event, this.#customInterrupts, this.#calls)
    for (const each of waiting) this.#showInterrupt(each)
    const model = event.usage?.find((usage) => usage.model !== undefined)?.model
    this.#answer.add([
      {
        _tag: "Finished",
        usage: AgUiEnd.usageOf(event.usage),
        ...(waiting.length === 0 ? {} : { finishReason: "interrupt" as const }),
        ...(isModelName(model) ? { model } : {}),
        record: recordFor(this.#conversation.messages, this.#state, waiting, this.#thread),
      },
    ])
    this.finished = true
  }

  #showInterrupt({ interrupt, pending: { toolCallId } }: Waiting): void {
    const metadata = toolCallId === undefined ? {} : { metadata: { callId: toolCallId } }
    this.#show(draft({ type: "interrupt", data: interrupt, ...metadata }))
  }
}
