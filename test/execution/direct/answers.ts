/** Feeds a wire's reader with the bytes of an answer and returns its events. */
import type { Decoded } from "../../../src/execution/DecodedAnswer.ts"
import { AnswerDecoder, type Reader } from "../../../src/execution/direct/AnswerDecoder.ts"
import { DirectAnswer } from "../../../src/execution/direct/DirectAnswer.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"

export const data = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`
export const named = (name: string, body: object): string =>
  `event: ${name}\n${data({ type: name, ...body })}`
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const done = "data: [DONE]\n\n"

type Said = readonly [type: string, content: unknown]
type End = Extract<ExecutionEvent, { readonly _tag: "Finished" }> | NonNullable<Decoded["error"]> | undefined

const isEnd = (event: ExecutionEvent): event is Extract<ExecutionEvent, { readonly _tag: "Finished" }> =>
  event._tag === "Finished"

/** `atOnce`: the answer's end before the end of its body. */
export const hear = (reader: Reader, chunks: ReadonlyArray<Uint8Array>) => {
  const unknown: Array<string> = []
  const decoder = new AnswerDecoder(new DirectAnswer("a", (reason) => unknown.push(reason)), reader)
  const all: Array<ExecutionEvent> = []
  let error: Decoded["error"]
  for (const chunk of chunks) {
    const decoded = decoder.feed(chunk)
    all.push(...decoded.events)
    error ??= decoded.error
  }
  const atOnce: End = error ?? all.find(isEnd)
  if (atOnce === undefined) {
    const decoded = decoder.end()
    all.push(...decoded.events)
    error = decoded.error
  }
  const said = all.flatMap((one): ReadonlyArray<Said> => {
    if (one._tag === "Finished") return []
    return [[one.draft.type, "content" in one.draft.data ? one.draft.data.content : undefined]]
  })
  const end: End = error ?? all.find(isEnd)
  return { said, end, atOnce, unknown, finishes: decoder.finishes, ends: all.filter(isEnd).length }
}

export const heardBy =
  (reader: Reader) =>
  (...parts: ReadonlyArray<string>) =>
    hear(reader, [bytes(parts.join(""))])

/** All text of an answer in one piece, by its type. */
export const joined = (said: ReadonlyArray<Said>) => ({
  thinking: said.flatMap(([type, content]) => (type === "thinking" ? [content] : [])).join(""),
  text: said.flatMap(([type, content]) => (type === "text" ? [content] : [])).join(""),
})

/** The answer in two chunks, for each place at which it can be cut. */
export const cutAnywhere = (whole: string): ReadonlyArray<ReadonlyArray<Uint8Array>> => {
  const all = bytes(whole)
  return [...all.keys()].map((at) => [all.subarray(0, at), all.subarray(at)])
}
