/**
 * The part of a response that was read. Plain code, one per response.
 *
 * A call is shown when its arguments are complete. A call without a result at the end is one of three: the client's, if
 * nothing followed it (an interrupt); the server's own, if text followed it, since the agent then had its result; or
 * unfinished, if the response is incomplete.
 */
import type { ErrorPattern } from "../../domain/RuntimeErrorText.ts"
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { RunId } from "../../domain/Ids.ts"
import type { FinishReason } from "../../domain/Outcome.ts"
import { draft, reasoningDraft, textDraft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { ReadAnswer } from "../direct/AnswerDecoder.ts"
import { type JsonRecord, recordOf } from "../direct/JsonRead.ts"
import {
  ContentFiltered,
  type ExecutionError,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamTruncated,
} from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { isModelName } from "../ModelName.ts"
import { RuntimeAnswer } from "../runtime/RuntimeAnswer.ts"
import { usageOf } from "../TokenCounts.ts"
import * as ResponsesItems from "./ResponsesItems.ts"
import * as ResponsesRecord from "./ResponsesRecord.ts"
import { failureIn, upstream } from "./ResponsesRefusal.ts"

interface Call {
  item: JsonRecord
  readonly callId: string
  /** The deltas of its arguments. */
  deltas: string
  shown: boolean
  ended: boolean
  /** Text that arrived after the call. */
  followed: boolean
}

/** The end of a response, as its last event reports it. */
export interface End {
  readonly response: JsonRecord
  readonly finishReason: FinishReason
}

export class ResponsesAnswer implements ReadAnswer {
  error: ExecutionError | undefined
  texts = 0
  /** An item has ended in an event of its own. */
  hasItems = false
  /** The server does not know the previous response, and nothing was shown. */
  previousLost = false
  readonly #answer: RuntimeAnswer
  #ended = false
  #shown = false
  /** By the id of the item, in order. */
  readonly #calls = new Map<string, Call>()
  /** A call started after the last text. */
  #mayFollow = false
  readonly #approvals: Array<JsonRecord> = []
  /** The texts of the messages that ended, by item. */
  readonly #final = new Map<string, string>()
  readonly #thought = new Set<string>()

  constructor(runId: RunId, patterns: ReadonlyArray<ErrorPattern>) {
    this.#answer = new RuntimeAnswer(runId, patterns)
  }

  get hasText(): boolean {
    return this.texts > 0
  }

  get isEnded(): boolean {
    return this.#ended || this.error !== undefined
  }

  get finishes(): number {
    return this.#ended ? 1 : 0
  }

  take(): ReadonlyArray<ExecutionEvent> {
    return this.#answer.take()
  }

  text(delta: string): void {
    if (delta === "" || this.isEnded) return
    this.texts += 1
    if (this.#mayFollow) this.#follow()
    this.#show(textDraft(delta))
  }

  thinking(key: string, delta: string): void {
    this.#thought.add(key)
    if (delta !== "") this.#show(reasoningDraft(delta))
  }

  /** The whole reasoning of an item, shown if no part of it was. */
  thought(key: string, text: string): void {
    if (!this.#thought.has(key)) this.thinking(key, text)
  }

  /** The whole text of a message. At the end it corrects the text that was shown. */
  message(key: string, text: string): void {
    this.#final.set(key, text)
  }

  callStarted(key: string, item: JsonRecord): void {
    if (this.#calls.has(key)) return
    const callId = ResponsesItems.callIdOf(item) ?? key
    this.#calls.set(key, { item, callId, deltas: "", shown: false, ended: false, followed: false })
    this.#mayFollow = true
  }

  callDelta(key: string, delta: string): void {
    const call = this.#calls.get(key)
    if (call !== undefined) call.deltas += delta
  }

  /** `fields`: the complete arguments. */
  callReady(key: string, fields: JsonRecord): void {
    const call = this.#calls.get(key)
    if (call === undefined || call.shown) return
    call.item = { ...call.item, ...fields }
    this.#showCall(call)
  }

  /** A call without a `call_id`, or with an output of its own, contains its result. */
  callDone(key: string, item: JsonRecord): void {
    this.callStarted(key, item)
    this.callReady(key, item)
    const call = this.#calls.get(key)
    if (call === undefined) return
    const hasOutput = item["output"] !== undefined && item["output"] !== null
    if (ResponsesItems.callIdOf(item) === undefined || hasOutput || ResponsesItems.isFailure(item))
      this.#endCall(call, item, ResponsesItems.valueIn(item), ResponsesItems.isFailure(item))
  }

  outputDone(item: JsonRecord): void {
    const callId = ResponsesItems.callIdOf(item) ?? ""
    const call = [...this.#calls.values()].find((call) => call.callId === callId)
    if (call !== undefined) {
      if (!call.shown) this.#showCall(call)
      return this.#endCall(call, call.item, item["output"], ResponsesItems.isFailure(item))
    }
    this.#show(ResponsesItems.resultDraft(item, callId, item["output"], ResponsesItems.isFailure(item)))
  }

  approval(item: JsonRecord): void {
    this.#approvals.push(item)
  }

  /** The model's own refusal, in place of text. */
  refuse(): void {
    this.#fail(new ContentFiltered({ upstream, detail: "refusal" }))
  }

  failedBy(json: JsonRecord): void {
    const { error, previousLost } = failureIn(json, this.hasText)
    if (this.isEnded) return
    this.previousLost = previousLost && !this.#shown
    this.#fail(error)
  }

  failedWith(error: ExecutionError): void {
    this.#fail(error)
  }

  garbled(detail: string, data = ""): void {
    const called = data.includes("_call") ? { called: true } : {}
    this.#fail(new UpstreamGarbled({ upstream, detail, ...called }))
  }

  finish({ finishReason, response }: End): void {
    if (this.isEnded) return
    const interrupts = this.#closeCalls(finishReason === "stop")
    if (!this.#answer.end([...this.#final.values()].join("")))
      return this.#fail(new UpstreamFailed({ upstream, code: "", message: "", detail: "said as text" }))
    if (finishReason === "content_filter" && !this.hasText && this.#final.size === 0)
      return this.#fail(new ContentFiltered({ upstream, detail: finishReason }))
    for (const interrupt of interrupts) this.#show(interrupt.draft)
    const usage = recordOf(response["usage"])
    const { id, model } = response
    const waiting = interrupts.map(({ item }) => ResponsesItems.waitingItem(item))
    this.#ended = true
    this.#answer.add([
      {
        _tag: "Finished",
        usage: usage === undefined ? undefined : usageOf(usage),
        finishReason: interrupts.length > 0 ? "interrupt" : finishReason,
        ...(isModelName(model) ? { model } : {}),
        record: ResponsesRecord.make({ ...(typeof id === "string" ? { responseId: id } : {}), waiting }),
      },
    ])
  }

  done(): void {
    this.complete()
  }

  complete(): void {
    if (!this.isEnded) this.#fail(new UpstreamTruncated({ upstream }))
  }

  /** A call of which only a part arrived may have been made, so it is shown before the failure. */
  #fail(error: ExecutionError): void {
    if (this.isEnded) return
    for (const call of this.#calls.values()) if (!call.shown) this.#showCall(call)
    this.error = error
  }

  #show(draft: ValidDraft): void {
    this.#shown = true
    this.#answer.add([{ _tag: "Message", draft }])
  }

  #showCall(call: Call): void {
    call.shown = true
    const item = call.item["arguments"] === "" ? { ...call.item, arguments: call.deltas } : call.item
    this.#show(ResponsesItems.callDraft(item, call.callId))
  }

  #endCall(call: Call, item: JsonRecord, value: unknown, failed: boolean): void {
    if (call.ended) return
    call.ended = true
    const image = ResponsesItems.imageDraft(item)
    const isLost = image === undefined && typeof item["result"] === "string"
    this.#show(ResponsesItems.resultDraft(call.item, call.callId, value, failed || isLost))
    if (image !== undefined) this.#show(image)
  }

  /** The agent goes on after its calls, so their arguments are complete. */
  #follow(): void {
    this.#mayFollow = false
    for (const call of this.#calls.values()) {
      if (!call.shown) this.#showCall(call)
      call.followed = true
    }
  }

  /** Ends the calls without a result. Returns those that wait for the client, and the approvals. */
  #closeCalls(isWhole: boolean): ReadonlyArray<{ readonly item: JsonRecord; readonly draft: ValidDraft }> {
    const waiting: Array<{ item: JsonRecord; draft: ValidDraft }> = []
    const wait = (item: JsonRecord, data: Interrupt, callId: string) =>
      waiting.push({ item, draft: draft({ type: "interrupt", data, metadata: { callId } }) })
    for (const call of this.#calls.values()) {
      if (!call.shown) this.#showCall(call)
      if (call.ended) continue
      const isClients = isWhole && !call.followed && ResponsesItems.callIdOf(call.item) !== undefined
      if (isClients) wait(call.item, ResponsesItems.callInterrupt(call.item, call.callId), call.callId)
      else this.#endCall(call, call.item, null, !(isWhole && call.followed))
    }
    if (isWhole)
      for (const item of this.#approvals) {
        const id = typeof item["id"] === "string" ? item["id"] : ""
        wait(item, ResponsesItems.approvalInterrupt(item, id), id)
      }
    return waiting
  }
}
