/** Executes turns over the real wire and a real socket, and collects what readers would get. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { ExecutionError } from "../../../src/execution/ExecutionError.ts"
import {
  type ExecutionEvent,
  Executor,
  type PastMessage,
  type Turn,
} from "../../../src/execution/Executor.ts"
import * as Runtimes from "../../../src/execution/Runtimes.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { Transcript } from "../../../src/runs/Transcript.ts"
import { assistantMessageId, runtimeAt, turn, userMessageId } from "../../support/fixtures.ts"
import { responsesKey } from "../../support/responsesServer.ts"

type Finished = Extract<ExecutionEvent, { readonly _tag: "Finished" }>

export interface Played {
  readonly drafts: ReadonlyArray<Draft>
  readonly types: ReadonlyArray<string>
  readonly text: string
  readonly finished: Finished | undefined
  readonly error: ExecutionError | undefined
}

export const playedOf = (
  events: ReadonlyArray<ExecutionEvent>,
  error: ExecutionError | undefined,
): Played => {
  const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft)
  const last = events.at(-1)
  return {
    drafts,
    // A run of texts is one entry.
    types: drafts.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1] || type !== "text"),
    text: transcript.text,
    finished: last?._tag === "Finished" ? last : undefined,
    error,
  }
}

export const runtime = (baseUrl: string) =>
  Layer.provide(
    Runtimes.layer({
      ...runtimeAt(baseUrl),
      protocol: "responses",
      agent: "agent",
      headers: { authorization: Redacted.make(`Bearer ${responsesKey}`) },
    }),
    UpstreamHttp.layer,
  )

export const play = (baseUrl: string, fields: Partial<Turn>): Promise<Played> =>
  Effect.gen(function* () {
    const { execute } = yield* Executor
    const events: Array<ExecutionEvent> = []
    const exit = yield* Effect.exit(
      Stream.runForEach(execute(turn(fields)), (event) => Effect.sync(() => events.push(event))),
    )
    return playedOf(events, Option.getOrUndefined(Exit.findErrorOption(exit)))
  }).pipe(Effect.provide(runtime(baseUrl)), Effect.runPromise)

/** The branch after a turn with `message` that ended as `played`. */
export const pastOf = (
  message: string,
  { drafts, finished, text }: Played,
  past: ReadonlyArray<PastMessage> = [],
): ReadonlyArray<PastMessage> => {
  const plain = { executionMode: null, interrupts: [], answers: [], upstream: undefined }
  const interrupts = drafts.flatMap((draft) => (draft.type === "interrupt" ? [draft.data] : []))
  return [
    ...past,
    { ...plain, id: userMessageId, role: "user", content: message },
    {
      id: assistantMessageId,
      role: "assistant",
      content: text,
      executionMode: "runtime_orchestrator",
      interrupts,
      answers: [],
      upstream: finished?.record,
    },
  ]
}

/** The turn with `message` after `past`. */
export const after = (past: ReadonlyArray<PastMessage>, message: string): Partial<Turn> => ({
  message,
  past,
  history: [...past.map(({ content, role }) => ({ role, content })), { role: "user", content: message }],
})
