/** Events of the Responses API, and the answer that they make. OpenAI's own types check their shape. */
import type { ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses"
import * as RuntimeErrorText from "../../../src/domain/RuntimeErrorText.ts"
import { AnswerDecoder } from "../../../src/execution/direct/AnswerDecoder.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"
import { ResponsesAnswer } from "../../../src/execution/responses/ResponsesAnswer.ts"
import { reader } from "../../../src/execution/responses/ResponsesReader.ts"
import { runId } from "../../support/fixtures.ts"
import { type Played, playedOf } from "./playing.ts"

const encoder = new TextEncoder()

/** The answer of a body that arrives in these chunks and then ends. */
export const hear = (...chunks: ReadonlyArray<string>): Played => {
  const answer = new ResponsesAnswer(runId, RuntimeErrorText.parse(RuntimeErrorText.defaultPatterns) ?? [])
  const decoder = new AnswerDecoder(answer, reader)
  const events: Array<ExecutionEvent> = []
  for (const chunk of chunks) events.push(...decoder.feed(encoder.encode(chunk)).events)
  const end = decoder.end()
  return playedOf([...events, ...end.events], end.error)
}

export const frame = (event: unknown): string => `data: ${JSON.stringify(event)}\n\n`
/** An event that is new, a vendor's own, or wrong. */
export const played = (...events: ReadonlyArray<unknown>): Played => hear(...events.map(frame))
/** OpenAI's own events. */
export const sent = (...events: ReadonlyArray<ResponseStreamEvent>): Played => played(...events)

export const at = { sequence_number: 1, output_index: 0 }
export const text = (delta: string): ResponseStreamEvent => ({
  ...at,
  type: "response.output_text.delta",
  item_id: "msg_1",
  content_index: 0,
  delta,
  logprobs: [],
})
export const added = (item: ResponseOutputItem): ResponseStreamEvent => ({
  ...at,
  type: "response.output_item.added",
  item,
})
export const done = (item: ResponseOutputItem): ResponseStreamEvent => ({
  ...at,
  type: "response.output_item.done",
  item,
})
export const ended = (status: string, fields: object = {}) => ({
  type: `response.${status}`,
  sequence_number: 9,
  response: { id: "resp_1", object: "response", model: "m-1", status, output: [], error: null, ...fields },
})
export const completed = ended("completed")

export const dataOf = ({ drafts }: Played, type: string): ReadonlyArray<unknown> =>
  drafts.filter((draft) => draft.type === type).map(({ data }) => data)
