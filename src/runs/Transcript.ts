/**
 * An answer as its reader sees it, built from the events of its run: neighbouring chunks joined, retracted content removed,
 * and of each plan, progress bar and sandbox the newest state only. Plain code, one per run.
 *
 * Each message has the id and the time of its first event, and the ids rise. The client's reducer (`client/Parts`) makes the
 * same parts of these messages as of all events. A chunk costs two array elements, because a run may have many thousands.
 */
import { eventId } from "../domain/EventId.ts"
import type { Interrupt } from "../domain/Interrupt.ts"
import type { RunId } from "../domain/Ids.ts"
import { heapBytes, jsonHeapBytes } from "../platform/HeapBytes.ts"
import { type Draft, envelop, type Message } from "../protocol/agent2ui/Message.ts"
import { isRetractable } from "../protocol/agent2ui/MessageRole.ts"
import { mark } from "./AnswerText.ts"
import { AttemptPlans } from "./AttemptPlans.ts"
import { type Placed, type PlanPart, timeOf } from "./PlanPart.ts"

type Of<Type extends Draft["type"]> = Extract<Draft, { readonly type: Type }>
type Chunk = Of<"text" | "markdown" | "thinking">

/** Chunks of one text. `draft` is the first of them. */
interface Joined {
  readonly kind: "joined"
  readonly draft: Chunk
  readonly at: number
  readonly seqs: Array<number>
  readonly texts: Array<string>
}

/** A message that is a part by itself. A newer state replaces its `draft`. */
interface Whole {
  readonly kind: "whole"
  readonly seq: number
  readonly at: number
  draft: Draft
}

type Part = Joined | Whole | PlanPart

/** Two array elements and a string header. */
const chunkBytes = 32
const partBytes = 200

/** A sub-agent's text and a model's reasoning come in chunks; other thoughts come in sentences. */
const isChunk = (draft: Draft): draft is Chunk => {
  if (draft.type === "text" || draft.type === "markdown") return true
  if (draft.type !== "thinking") return false
  const { stage } = draft.data
  return stage === "reasoning" || (stage === undefined && draft.metadata?.callId !== undefined)
}

const stageOf = (draft: Chunk) => (draft.type === "thinking" ? draft.data.stage : undefined)

const continues = (draft: Chunk, before: Chunk): boolean =>
  draft.type === before.type &&
  draft.metadata?.stepId === before.metadata?.stepId &&
  draft.metadata?.callId === before.metadata?.callId &&
  stageOf(draft) === stageOf(before)

/** Joins neighbours that a retracted part has separated. */
const appended = (parts: Array<Part>, part: Part): Array<Part> => {
  const last = parts.at(-1)
  if (part.kind === "joined" && last?.kind === "joined" && continues(part.draft, last.draft)) {
    const { seqs, texts } = last
    parts[parts.length - 1] = {
      ...last,
      seqs: [...seqs, ...part.seqs],
      texts: [...texts, ...part.texts],
    }
  } else parts.push(part)
  return parts
}

/** The chunks outside of the range; undefined if none is left. */
const without = (part: Joined, isRetracted: (seq: number) => boolean): Joined | undefined => {
  const texts = part.texts.filter((_, index) => !isRetracted(part.seqs[index] ?? 0))
  const seqs = part.seqs.filter((seq) => !isRetracted(seq))
  return seqs.length === 0 ? undefined : { ...part, seqs, texts }
}

export class Transcript {
  #parts: Array<Part> = []
  readonly #plans = new AttemptPlans()
  /** The newest state of each progress bar and sandbox, by label and id. */
  readonly #progress = new Map<string | undefined, Whole>()
  readonly #sandboxes = new Map<string, Whole>()

  #lastSeq = 0

  /** Adds the event `seq`, by default the next one, of epoch milliseconds `at`. Gives the heap that it adds. */
  add(draft: Draft, at = 0, seq = this.#lastSeq + 1): number {
    this.#lastSeq = seq
    if (isChunk(draft)) return this.#chunk(draft, seq, at)
    switch (draft.type) {
      case "plan":
        return this.#plan(draft, seq, at).planned(draft, { seq, at, metadata: draft.metadata })
      case "plan_step":
        return this.#plan(draft, seq, at).advanced(draft.data, { seq, at, metadata: draft.metadata })
      case "progress":
        return this.#newest(this.#progress, draft.data.label, draft, seq, at)
      case "sandbox_status":
        return this.#newest(this.#sandboxes, draft.data.sandboxId, draft, seq, at)
      case "retract":
        this.#retract(draft.data)
        break
      case "fallback":
        this.#plans.clear()
        break
    }
    return this.#whole(draft, seq, at)
  }

  clear(): void {
    this.#parts = []
    this.#plans.clear()
    this.#progress.clear()
    this.#sandboxes.clear()
  }

  /** The interrupts of the run. */
  get interrupts(): ReadonlyArray<Interrupt> {
    return this.#parts.flatMap((part) =>
      part.kind === "whole" && part.draft.type === "interrupt" ? [part.draft.data] : [],
    )
  }

  /** The text of the answer: it is stored as the assistant's message and sent as history. */
  get text(): string {
    return this.#parts
      .map((part) => (part.kind === "plan" ? "" : mark(part.kind === "whole" ? part.draft : joined(part))))
      .join("")
  }

  parts(runId: RunId): ReadonlyArray<Message> {
    const placed = this.#parts.flatMap((part) => messagesOf(runId, part))
    // The steps of a plan stand where they changed last.
    return placed.toSorted((a, b) => a.seq - b.seq).map(({ message }) => message)
  }

  #chunk(draft: Chunk, seq: number, at: number): number {
    const { content } = draft.data
    const last = this.#parts.at(-1)
    if (last?.kind === "joined" && continues(draft, last.draft)) {
      last.seqs.push(seq)
      last.texts.push(content)
      return heapBytes(content) + chunkBytes
    }
    this.#parts.push({ kind: "joined", draft, at, seqs: [seq], texts: [content] })
    return heapBytes(content) + chunkBytes + partBytes
  }

  #whole(draft: Draft, seq: number, at: number): number {
    this.#parts.push({ kind: "whole", seq, at, draft })
    return partBytes + jsonHeapBytes(draft)
  }

  #newest<Key>(known: Map<Key, Whole>, key: Key, draft: Draft, seq: number, at: number): number {
    const before = known.get(key)
    if (before !== undefined) {
      const added = jsonHeapBytes(draft) - jsonHeapBytes(before.draft)
      before.draft = draft
      return added
    }
    const part: Whole = { kind: "whole", seq, at, draft }
    known.set(key, part)
    this.#parts.push(part)
    return partBytes + jsonHeapBytes(draft)
  }

  #plan(draft: Of<"plan" | "plan_step">, seq: number, at: number): PlanPart {
    return this.#plans.planOf(draft, { seq, at, metadata: draft.metadata }, (plan) => this.#parts.push(plan))
  }

  #retract({ fromSeq, toSeq }: Of<"retract">["data"]): void {
    const isRetracted = (seq: number) => seq >= fromSeq && seq <= toSeq
    this.#parts = this.#parts
      .flatMap((part): Part | ReadonlyArray<Part> => {
        if (part.kind === "plan" || !isRetractable(part.draft.type)) return [part]
        if (part.kind === "whole") return isRetracted(part.seq) ? [] : [part]
        return without(part, isRetracted) ?? []
      })
      .reduce(appended, [])
  }
}

const messagesOf = (runId: RunId, part: Part): ReadonlyArray<Placed> => {
  if (part.kind === "plan") return part.messages(runId)
  const seq = part.kind === "whole" ? part.seq : (part.seqs[0] ?? 0)
  const draft = part.kind === "whole" ? part.draft : joined(part)
  return [{ seq, message: envelop(draft, eventId(runId, seq), timeOf(part.at)) }]
}

/** The first chunk with the text of all. */
const joined = ({ draft, texts }: Joined): Draft => {
  const content = texts.join("")
  return draft.type === "thinking"
    ? { ...draft, data: { ...draft.data, content } }
    : { ...draft, data: { content } }
}
