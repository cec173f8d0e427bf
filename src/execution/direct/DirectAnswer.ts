/**
 * The part of a provider's answer that was read: each wire's reader writes it, and the decoder takes its events.
 *
 * Invariants: the first end counts, success or failure; an answer without a finish reason or `[DONE]` never succeeds.
 */
import {
  ContentFiltered,
  type ExecutionError,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamTruncated,
  UpstreamUnavailable,
} from "../ExecutionError.ts"
import { reasoningDraft, textDraft } from "../../protocol/agent2ui/Message.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { isModelName } from "../ModelName.ts"
import { type Finish, finishOf } from "./FinishReasons.ts"
import { type JsonRecord, recordOf } from "./JsonRead.ts"
import * as ProviderRefusal from "./ProviderRefusal.ts"
import * as RefusalRules from "./RefusalRules.ts"
import { ThinkTag } from "./ThinkTag.ts"
import { usageOf } from "../TokenCounts.ts"

/** Characters. Valid deltas are far smaller. */
export const maxDelta = 1024 * 1024
const tooLong = `a delta is longer than ${maxDelta} characters`

const chunk = (type: "text" | "thinking", content: string): ExecutionEvent => ({
  _tag: "Message",
  draft: type === "text" ? textDraft(content) : reasoningDraft(content),
})

export class DirectAnswer {
  error: ExecutionError | undefined
  /**
   * The number of finish reasons, plus texts after one. After the first, the answer may be whole, and the decoder
   * stops waiting soon.
   */
  finishes = 0
  texts = 0
  /** The index of the one choice to read, and the field that has its text. */
  choice: unknown
  field: string | undefined
  readonly #upstream: string
  readonly #onUnknownReason: (reason: string) => void
  readonly #tag = new ThinkTag()
  #events: Array<ExecutionEvent> = []
  #ended = false
  #finish: Finish | undefined
  #usage: JsonRecord | undefined
  #model: string | undefined

  constructor(upstream: string, onUnknownReason: (reason: string) => void) {
    this.#upstream = upstream
    this.#onUnknownReason = onUnknownReason
  }

  get hasText(): boolean {
    return this.texts > 0
  }

  get isEnded(): boolean {
    return this.#ended || this.error !== undefined
  }

  take(): ReadonlyArray<ExecutionEvent> {
    const events = this.#events
    this.#events = []
    return events
  }

  text(delta: string): void {
    if (this.#tag.isText) return this.#say("text", delta)
    this.#split(this.#tag.feed(delta))
  }

  thinking(delta: string): void {
    this.#say("thinking", delta)
  }

  /** Takes any value of the wire's field. Most values are no reason yet. The last reason counts. */
  finish(reason: unknown): void {
    const finish = finishOf(reason)
    if (finish === undefined || this.isEnded) return
    this.finishes += 1
    this.#finish = finish
    const upstream = this.#upstream
    const detail = String(reason).toLowerCase()
    if (finish.unknown !== undefined) this.#onUnknownReason(finish.unknown)
    if (finish.verdict === "filtered") this.error = new ContentFiltered({ upstream, detail })
    if (finish.verdict === "failed")
      this.error = new UpstreamFailed({ upstream, code: "", message: "", detail })
    if (finish.verdict === "unavailable")
      this.error = new UpstreamUnavailable({ upstream, status: 503, detail })
  }

  /** Servers report usage once, in parts, or repeatedly. The last figure of each kind counts. */
  usage(value: unknown): void {
    const usage = recordOf(value)
    if (usage === undefined) return
    const figures = Object.entries(usage).filter(([, figure]) => figure !== undefined && figure !== null)
    this.#usage = { ...this.#usage, ...Object.fromEntries(figures) }
  }

  model(value: unknown): void {
    if (this.#model === undefined && isModelName(value)) this.#model = value
  }

  /** The model's own refusal, in place of text. */
  refuse(): void {
    this.#fail(new ContentFiltered({ upstream: this.#upstream, detail: "refusal" }))
  }

  /** An error of the provider. */
  failedBy(json: JsonRecord): void {
    this.#fail(RefusalRules.failedInside(this.#upstream, ProviderRefusal.inBand(json), this.hasText))
  }

  garbled(detail: string): void {
    this.#fail(new UpstreamGarbled({ upstream: this.#upstream, detail }))
  }

  /** The stream's own end. Some servers never send a finish reason; their text is still the answer. */
  done(): void {
    if (this.finishes === 0 && this.hasText) this.finish("other")
    this.complete()
  }

  /** The wire reports that nothing follows, or the body ended. */
  complete(): void {
    if (this.isEnded) return
    if (this.#finish === undefined) {
      this.error = new UpstreamTruncated({ upstream: this.#upstream })
      return
    }
    this.#split(this.#tag.end())
    this.#ended = true
    const { verdict } = this.#finish
    this.#events.push({
      _tag: "Finished",
      usage: this.#usage === undefined ? undefined : usageOf(this.#usage),
      finishReason: verdict === "length" || verdict === "other" ? verdict : "stop",
      ...(this.#model === undefined ? {} : { model: this.#model }),
    })
  }

  #split({ text, thinking }: { readonly text: string; readonly thinking: string }): void {
    this.#say("thinking", thinking)
    this.#say("text", text)
  }

  #say(type: "text" | "thinking", content: string): void {
    if (content === "" || this.isEnded) return
    if (content.length > maxDelta) return this.garbled(tooLong)
    if (type === "text") {
      this.texts += 1
      if (this.finishes > 0) this.finishes += 1
    }
    this.#events.push(chunk(type, content))
  }

  /** After a finish reason the answer is whole, and only a filter takes it back. */
  #fail(error: ExecutionError): void {
    if (this.isEnded) return
    if (this.finishes > 0 && error._tag !== "ContentFiltered") this.complete()
    else this.error = error
  }
}
