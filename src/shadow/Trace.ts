/**
 * The stored figures of one side of a pair, read from its messages as they arrive or from the run's log afterwards.
 * Bounded: a usual turn has hundreds of events, and a side with more than `maxEvents` or `maxCharacters` is cut.
 *
 * The primary is judged as the mode that it started in: the answer of another mode after a `fallback` does not count.
 */
import type { Draft, MessageType } from "../protocol/agent2ui/Message.ts"
import { isCall, isContent } from "../protocol/agent2ui/MessageRole.ts"
import type { SideOutcome } from "../domain/ShadowPair.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import { Transcript } from "../runs/Transcript.ts"
import { languageOf } from "./Language.ts"

export const maxEvents = 5000
export const maxCharacters = 1024 * 1024

interface Call {
  readonly name: string
  /** JSON with sorted keys. */
  readonly arguments: string
}

export interface Trace {
  readonly outcome: SideOutcome
  readonly code: string | null
  /** Types of the messages in order; consecutive deltas count once. */
  readonly types: ReadonlyArray<string>
  readonly calls: ReadonlyArray<Call>
  /** Titles of the plan's steps as first shown. */
  readonly steps: ReadonlyArray<string>
  readonly text: string
  readonly language: string
  readonly firstContentMs: number | null
  readonly totalMs: number | null
  readonly tokens: number | null
}

/** The end of a side. Without a `code` it answered. */
interface End {
  readonly code: string | null
  readonly totalMs: number | null
  readonly tokens: number | null
}

/** Types that arrive in pieces; the provider chooses their size. */
const deltas: ReadonlySet<MessageType> = new Set<MessageType>([
  "text",
  "markdown",
  "thinking",
  "sandbox_output",
])

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

const nameOf = (draft: Draft): string => {
  switch (draft.type) {
    case "tool_call":
      return draft.data.toolName
    case "skill_call":
      return draft.data.skillName
    case "mcp_call":
      return `${draft.data.serverId}/${draft.data.toolName}`
    default:
      return draft.type
  }
}

const sizeOf = (draft: Draft): number => {
  switch (draft.type) {
    case "text":
    case "markdown":
    case "thinking":
      return draft.data.content.length
    default:
      return JSON.stringify(draft.data).length
  }
}

const outcomeOf = (code: string | null): SideOutcome => {
  if (code === null) return "success"
  if (code === "CONTENT_FILTERED") return "filtered"
  return code.startsWith("TIMEOUT_") ? "timeout" : "error"
}

/** One tracer per side. */
export class Tracer {
  /** With the number of the first message of each sequence of deltas. */
  #types: Array<{ readonly type: MessageType; readonly seq: number }> = []
  #calls: Array<Call> = []
  #steps: ReadonlyArray<string> = []
  readonly #transcript = new Transcript()
  #firstContent: { readonly ms: number; readonly seq: number } | undefined
  #events = 0
  #characters = 0

  /** `at`: milliseconds since the start of the side. False: the limit is reached and nothing was added. */
  add(draft: Draft, at: number): boolean {
    this.#events += 1
    this.#characters += sizeOf(draft)
    if (this.#events > maxEvents || this.#characters > maxCharacters) return false
    this.#transcript.add(draft)
    const seq = this.#events
    if (draft.type === "retract") {
      this.#retract(draft.data)
      return true
    }
    if (isContent(draft.type)) this.#firstContent ??= { ms: at, seq }
    if (!deltas.has(draft.type) || this.#types.at(-1)?.type !== draft.type)
      this.#types.push({ type: draft.type, seq })
    if (draft.type === "plan" && this.#steps.length === 0)
      this.#steps = draft.data.steps.map(({ title }) => title)
    if (isCall(draft.type) && "arguments" in draft.data)
      this.#calls.push({ name: nameOf(draft), arguments: JSON.stringify(sorted(draft.data.arguments)) })
    return true
  }

  get text(): string {
    return this.#transcript.text
  }

  #retract(range: { readonly fromSeq: number; readonly toSeq: number }): void {
    const isTakenBack = ({ seq }: { readonly seq: number }) => seq >= range.fromSeq && seq <= range.toSeq
    this.#types = this.#types.filter((type) => !isTakenBack(type))
    if (this.#firstContent !== undefined && isTakenBack(this.#firstContent)) this.#firstContent = undefined
  }

  end({ code, tokens, totalMs }: End): Trace {
    const text = this.text
    return {
      outcome: outcomeOf(code),
      code,
      types: this.#types.map(({ type }) => type),
      calls: this.#calls,
      steps: this.#steps,
      text,
      language: languageOf(text),
      firstContentMs: this.#firstContent?.ms ?? null,
      totalMs,
      tokens,
    }
  }
}

/**
 * Endings that say nothing about a mode: a cancel, a fault in the agent's settings, a limit that no user's turn would
 * have met.
 */
const saysNothing: ReadonlySet<string> = new Set([
  "EXECUTION_CANCELLED",
  "RUN_INTERRUPTED",
  "UPSTREAM_RATE_LIMITED",
  "AGENT_MISCONFIGURED",
])

export const isComparable = (code: string | null): boolean => code === null || !saysNothing.has(code)

/** The primary's trace, from its log, event by event. */
export class LogTracer {
  readonly #tracer = new Tracer()
  readonly #startedAt: number
  #trace: Trace | undefined

  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  /** Undefined before the end, if the end says nothing about the mode, and beyond the limits. */
  get trace(): Trace | undefined {
    return this.#trace
  }

  /** False: later events add nothing. */
  add({ event }: LogEntry): boolean {
    if (event.event === "done") {
      const { estimated, latencyMs, tokens } = event.data.usage
      return this.#end({ code: null, totalMs: latencyMs, tokens: estimated === true ? null : tokens })
    }
    if (event.event === "error") return this.#end({ code: event.data.code, totalMs: null, tokens: null })
    if (event.data.type === "fallback")
      return this.#end({ code: event.data.data.code, totalMs: null, tokens: null })
    return this.#tracer.add(event.data, Date.parse(event.data.timestamp) - this.#startedAt)
  }

  #end(end: End): false {
    if (isComparable(end.code)) this.#trace = this.#tracer.end(end)
    return false
  }
}
