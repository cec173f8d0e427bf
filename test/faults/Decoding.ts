/** The decoder of each kind of upstream, fed with an answer's bytes in any pieces. */
import * as RuntimeErrorText from "../../src/domain/RuntimeErrorText.ts"
import { AgUiDecoder } from "../../src/execution/ag-ui/AgUiDecoder.ts"
import type { Facts } from "../../src/execution/ag-ui/AgUiMapping.ts"
import type { Decoder } from "../../src/execution/DecodedAnswer.ts"
import { AnswerDecoder } from "../../src/execution/direct/AnswerDecoder.ts"
import { DirectAnswer } from "../../src/execution/direct/DirectAnswer.ts"
import { wires as drivers } from "../../src/execution/direct/Wire.ts"
import type { ExecutionEvent } from "../../src/execution/Executor.ts"
import { LangGraphDecoder } from "../../src/execution/langgraph/LangGraphDecoder.ts"
import { ResponsesAnswer } from "../../src/execution/responses/ResponsesAnswer.ts"
import { reader } from "../../src/execution/responses/ResponsesReader.ts"
import { RuntimeDecoder } from "../../src/execution/runtime/RuntimeDecoder.ts"
import { runId } from "../support/fixtures.ts"
import type { WireKind } from "../wires/Wires.ts"

const agUiFacts: Facts = {
  runId,
  user: undefined,
  knownIds: new Set(),
  pastCalls: new Map(),
  state: undefined,
  errorPatterns: RuntimeErrorText.defaults,
}

const decoderOf = (kind: WireKind): Decoder => {
  if (kind === "runtime") return new RuntimeDecoder(runId, RuntimeErrorText.defaults)
  if (kind === "ag-ui") return new AgUiDecoder(agUiFacts)
  if (kind === "langgraph") return new LangGraphDecoder(runId)
  if (kind === "responses")
    return new AnswerDecoder(new ResponsesAnswer(runId, RuntimeErrorText.defaults), reader)
  return new AnswerDecoder(new DirectAnswer("a", () => undefined), drivers[kind].reader)
}

export interface Heard {
  readonly events: ReadonlyArray<ExecutionEvent>
  /** The tag of the failure. */
  readonly error: string | undefined
  /** Bytes that were fed before the answer had ended or failed. */
  readonly read: number
}

const isFinished = (event: ExecutionEvent | undefined): boolean => event?._tag === "Finished"

/** As an attempt reads: nothing is fed after the end of the answer or its failure. */
export const hear = (kind: WireKind, chunks: Iterable<Uint8Array>): Heard => {
  const decoder = decoderOf(kind)
  const events: Array<ExecutionEvent> = []
  let read = 0
  for (const chunk of chunks) {
    const decoded = decoder.feed(chunk)
    for (const event of decoded.events) events.push(event)
    if (decoded.error !== undefined) return { events, error: decoded.error._tag, read }
    if (isFinished(events.at(-1))) return { events, error: undefined, read }
    read += chunk.length
  }
  const last = decoder.end()
  for (const event of last.events) events.push(event)
  return { events, error: last.error?._tag, read }
}

/** Deltas of one kind in a row are one text: where an answer is cut decides how many there are. */
export const joined = ({ error, events }: Heard): string => {
  const parts: Array<readonly [string, string]> = []
  for (const event of events) {
    const [type, said] =
      event._tag === "Message" && (event.draft.type === "text" || event.draft.type === "thinking")
        ? [event.draft.type, event.draft.data.content]
        : [event._tag, JSON.stringify(event)]
    const before = parts.at(-1)
    if (before?.[0] === type && type !== "Message") parts.splice(-1, 1, [type, before[1] + said])
    else parts.push([type, said])
  }
  return JSON.stringify([parts, error])
}
