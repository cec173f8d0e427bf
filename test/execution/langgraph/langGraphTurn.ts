/** Plays turns of the LangGraph wire at a server, each as the runtime's attempt. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Interrupt } from "../../../src/domain/Interrupt.ts"
import { MessageId, RunId } from "../../../src/domain/Ids.ts"
import type { MessageRecord } from "../../../src/domain/MessageRecord.ts"
import { type ExecutionError } from "../../../src/execution/ExecutionError.ts"
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
import { runtimeAt, turn } from "../../support/fixtures.ts"

export interface Played {
  readonly turn: Turn
  readonly events: ReadonlyArray<ExecutionEvent>
  readonly drafts: ReadonlyArray<Draft>
  readonly text: string
  readonly finished: Extract<ExecutionEvent, { readonly _tag: "Finished" }> | undefined
  readonly error: ExecutionError | undefined
  readonly interrupts: ReadonlyArray<Interrupt>
}

export const layerAt = (url: string, agent = ""): Layer.Layer<Executor> =>
  Layer.provide(Runtimes.layer(runtimeAt(url, { protocol: "langgraph", agent })), UpstreamHttp.layer)

/** A fresh UUID for each turn, because the server refuses other ids of threads. */
const uuid = () => crypto.randomUUID()

export const newTurn = (message: string, fields: Partial<Turn> = {}): Turn =>
  turn({
    message,
    runId: RunId.make(uuid()),
    messageId: MessageId.make(uuid()),
    history: [
      ...(fields.past ?? []).map(({ content, role }) => ({ role, content })),
      { role: "user", content: message },
    ],
    ...fields,
  })

const heard = (
  played: Turn,
  events: ReadonlyArray<ExecutionEvent>,
  error: ExecutionError | undefined,
): Played => {
  const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft)
  return {
    turn: played,
    events,
    drafts,
    text: transcript.text,
    finished: events.find((event) => event._tag === "Finished"),
    error,
    interrupts: drafts.flatMap((draft) => (draft.type === "interrupt" ? [draft.data] : [])),
  }
}

/** Runs the turn to its end. `onEvent` runs for each event, such as to stop the server. */
export const play = (
  played: Turn,
  onEvent: (event: ExecutionEvent) => void = () => {},
): Effect.Effect<Played, never, Executor> =>
  Effect.gen(function* () {
    const executor = yield* Executor
    const events: Array<ExecutionEvent> = []
    const exit = yield* executor.execute(played).pipe(
      Stream.runForEach((event) =>
        Effect.sync(() => {
          events.push(event)
          onEvent(event)
        }),
      ),
      Effect.exit,
    )
    return heard(played, events, Option.getOrUndefined(Exit.findErrorOption(exit)))
  })

const pastMessage = (
  role: PastMessage["role"],
  content: string,
  id: string,
  record: MessageRecord = {},
): PastMessage => ({
  id: MessageId.make(id),
  role,
  content,
  executionMode: role === "user" ? null : "runtime_orchestrator",
  interrupts: record.interrupts ?? [],
  answers: record.answers ?? [],
  upstream: record.upstream,
})

/** The branch after the turn, as it is stored. */
export const pastAfter = ({
  finished,
  interrupts,
  text,
  turn: { message, messageId, past },
}: Played): ReadonlyArray<PastMessage> => [
  ...past,
  pastMessage("user", message, messageId),
  pastMessage("assistant", text, uuid(), {
    interrupts,
    ...(finished?.record === undefined ? {} : { upstream: finished.record }),
  }),
]

/** An answer that the server never sees, like one of direct mode. */
export const directAnswer = (question: string, answer: string): ReadonlyArray<PastMessage> => [
  pastMessage("user", question, uuid()),
  { ...pastMessage("assistant", answer, uuid()), executionMode: "direct_llm" },
]

const decodeRuns = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ run_id: Schema.String, status: Schema.String })),
)

export const runsAt = async (url: string, thread: string) =>
  decodeRuns(await (await fetch(`${url}/threads/${thread}/runs`)).json())
