/**
 * Maps the events of a LangGraph run to an executor's events: messages of models and tools, the outputs of nodes, and
 * drafts that the graph itself sends. Plain code, one per response.
 *
 * Text is the answer only if the graph's own nodes write it while no call is open. The text of a subgraph, or of a model
 * that a tool asks, is thinking, unless the graph then puts it into its own messages.
 */
import * as Option from "effect/Option"
import { draft, reasoningDraft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { RunId } from "../../domain/Ids.ts"
import type { FinishReason } from "../../domain/Outcome.ts"
import * as AgentDrafts from "../AgentDrafts.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { listOf, recordOf, textOf } from "../direct/JsonRead.ts"
import { LangGraphCalls } from "./LangGraphCalls.ts"
import * as LangGraphInterrupt from "./LangGraphInterrupt.ts"
import { type Call, type ModelMessage, read, type ThreadMessage } from "./LangGraphMessage.ts"
import { LangGraphText } from "./LangGraphText.ts"
import { LangGraphUsage } from "./LangGraphUsage.ts"

const quietTags = new Set(["nostream", "langsmith:nostream"])

/** A subgraph returns its whole state, so only the messages after the user's are new. */
const newMessages = (update: unknown): ReadonlyArray<ThreadMessage> => {
  const messages = recordOf(update)?.["messages"]
  const all = (Array.isArray(messages) ? listOf(messages) : [messages]).map((json) => read(json, false))
  return all.slice(all.findLastIndex(({ kind }) => kind === "human") + 1)
}

const isModel = (message: ThreadMessage): message is ModelMessage => message.kind === "model"

export class LangGraphAnswer {
  readonly #text: LangGraphText
  readonly #calls = new LangGraphCalls()
  readonly #usage = new LangGraphUsage()
  readonly #interrupts = new Set<string>()
  /** Messages whose reasoning was shown. */
  readonly #thought = new Set<string>()
  /** Messages whose text was shown as thinking. */
  readonly #inner = new Set<string>()
  #model: unknown
  #finishReason: FinishReason | undefined

  constructor(runId: RunId) {
    this.#text = new LangGraphText(runId)
  }

  get usage() {
    return this.#usage.total
  }

  get model(): unknown {
    return this.#model
  }

  get finishReason(): FinishReason | undefined {
    return this.#interrupts.size > 0 ? "interrupt" : this.#finishReason
  }

  get openCalls(): ReadonlyArray<Call> {
    return this.#calls.open
  }

  take(): ReadonlyArray<ExecutionEvent> {
    return this.#text.take()
  }

  /** The server has started the run again. */
  restart(): void {
    this.#text.retractAll()
  }

  /** `messages`: a message or a part of one, with the place where it was made. */
  message(json: unknown, isNested: boolean): void {
    const [body, place] = listOf(json)
    const metadata = recordOf(place) ?? {}
    if (listOf(metadata["tags"]).some((tag) => quietTags.has(String(tag)))) return
    const message = read(body, true)
    if (message.kind === "tool") this.#push(this.#calls.end(message))
    if (!isModel(message)) return
    this.#modelMessage(message, isNested, textOf(metadata["langgraph_node"]) ?? "")
  }

  /** `updates`: the outputs of nodes, or interrupts. */
  update(json: unknown, isNested: boolean): void {
    const { __interrupt__, __metadata__, ...nodes } = recordOf(json) ?? {}
    for (const interrupt of listOf(__interrupt__)) this.#interrupt(interrupt)
    // A resumed run repeats the outputs of nodes that ended before the interrupt.
    if (recordOf(__metadata__)?.["cached"] === true) return
    for (const [node, output] of Object.entries(nodes))
      for (const update of Array.isArray(output) ? listOf(output) : [output])
        this.#nodeEnded(node, newMessages(update), isNested)
  }

  /** `custom`: a draft of the protocol is passed on; anything else is the graph's own affair. */
  custom(json: unknown): void {
    this.#push(Option.toArray(AgentDrafts.draftOf(json)))
  }

  /** The thread's messages after the run. They complete an answer whose stream lost its end. */
  state(messages: unknown): void {
    this.#nodeEnded("", newMessages({ messages }), false)
  }

  /** The stream has ended or failed. */
  end(): void {
    this.#push(this.#calls.completeAll())
  }

  #push(drafts: ReadonlyArray<ValidDraft>): void {
    for (const each of drafts) this.#text.push({ _tag: "Message", draft: each })
  }

  #modelMessage(message: ModelMessage, isNested: boolean, node: string): void {
    const { id, isChunk, isLastChunk, text } = message
    this.#account(message)
    this.#think(message)
    if (isNested || this.#calls.open.length > 0) this.#innerText(message)
    else if (isChunk) this.#text.stream(id, node, text, isLastChunk)
    else if (text !== "") this.#text.whole({ id, text }, node)
    this.#calls.stream(id, message.callChunks)
    if (isLastChunk) this.#push(this.#calls.complete(id))
    this.#push(this.#calls.start(message.calls))
  }

  #account({ finishReason, id, isChunk, model, usage }: ModelMessage): void {
    this.#usage.add(id, usage, isChunk)
    this.#model = model ?? this.#model
    this.#finishReason = finishReason ?? this.#finishReason
  }

  /** A whole message repeats the reasoning of its parts. */
  #think({ id, isChunk, thinking }: ModelMessage): void {
    if (thinking === "" || (!isChunk && this.#thought.has(id))) return
    this.#thought.add(id)
    this.#push([reasoningDraft(thinking)])
  }

  #innerText({ id, isChunk, text }: ModelMessage): void {
    if (text === "" || (!isChunk && this.#inner.has(id))) return
    this.#inner.add(id)
    const call = this.#calls.onlyOpen
    this.#push([
      draft({
        type: "thinking",
        data: { content: text },
        ...(call === undefined ? {} : { metadata: { callId: call.id } }),
      }),
    ])
  }

  #nodeEnded(node: string, messages: ReadonlyArray<ThreadMessage>, isNested: boolean): void {
    const own = messages.filter(isModel)
    for (const message of own) {
      this.#account(message)
      this.#think(message)
      if (isNested) this.#innerText(message)
    }
    if (!isNested) this.#text.settle(node, own)
    for (const message of messages) {
      if (message.kind === "tool") this.#push(this.#calls.end(message))
      if (isModel(message)) this.#push(this.#calls.start(message.calls))
    }
  }

  #interrupt(json: unknown): void {
    const call = this.#calls.onlyOpen
    const data = LangGraphInterrupt.read(json, this.#interrupts.size + 1, call)
    if (this.#interrupts.has(data.interruptId)) return
    this.#interrupts.add(data.interruptId)
    const metadata = call === undefined ? {} : { metadata: { callId: call.id } }
    this.#push([draft({ type: "interrupt", data, ...metadata })])
  }
}
