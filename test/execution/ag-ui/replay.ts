/** Recordings of real AG-UI servers, and their events through the decoder. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Decoded } from "../../../src/execution/DecodedAnswer.ts"
import { AgUiDecoder } from "../../../src/execution/ag-ui/AgUiDecoder.ts"
import type { Facts } from "../../../src/execution/ag-ui/AgUiMapping.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { runId } from "../../support/fixtures.ts"

const folder = join(import.meta.dirname, "recordings")

export const recordings = globSync("*/*.sse", { cwd: folder }).toSorted()

export const recording = (name: string): Uint8Array => readFileSync(join(folder, `${name}.sse`))

const lastUserMessage = (name: string): string => {
  const request: { messages: ReadonlyArray<{ role: string; content: string }> } = JSON.parse(
    readFileSync(join(folder, `${name}.req.json`), "utf8"),
  )
  return request.messages.findLast(({ role }) => role === "user")?.content ?? ""
}

export const facts = (fields: Partial<Facts> = {}): Facts => ({
  runId,
  user: undefined,
  knownIds: new Set(),
  pastCalls: new Map(),
  state: undefined,
  errorPatterns: [],
  ...fields,
})

export const factsOf = (name: string, fields: Partial<Facts> = {}): Facts =>
  facts({ user: { id: "u1", content: lastUserMessage(name) }, ...fields })

export interface Replayed extends Decoded {
  readonly drafts: ReadonlyArray<Draft>
  readonly text: string
  readonly finished: Extract<ExecutionEvent, { readonly _tag: "Finished" }> | undefined
}

/** Decodes chunks up to the first end. */
export const decode = (chunks: Iterable<Uint8Array>, given: Facts = facts()): Replayed => {
  const decoder = new AgUiDecoder(given)
  const events: Array<ExecutionEvent> = []
  let error: Decoded["error"]
  const add = (decoded: Decoded) => {
    events.push(...decoded.events)
    error ??= decoded.error
  }
  for (const chunk of chunks) add(decoder.feed(chunk))
  add(decoder.end())
  const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
  const text = drafts.map((draft) => (draft.type === "text" ? draft.data.content : "")).join("")
  return { events, error, drafts, text, finished: events.find((event) => event._tag === "Finished") }
}

export const replay = (name: string, fields: Partial<Facts> = {}): Replayed =>
  decode([recording(name)], factsOf(name, fields))
