/** A conversation with a real AG-UI agent: each turn gets the stored past of the turns before it, as the chat gives it. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { MessageId, RunId, SessionId } from "../../../src/domain/Ids.ts"
import type { InterruptAnswer } from "../../../src/domain/Interrupt.ts"
import * as AgUiExecutor from "../../../src/execution/ag-ui/AgUiExecutor.ts"
import type { ExecutionError } from "../../../src/execution/ExecutionError.ts"
import type { ExecutionEvent, PastMessage, Turn } from "../../../src/execution/Executor.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { runtimeAt, turn } from "../../support/fixtures.ts"

export interface Answered {
  readonly drafts: ReadonlyArray<Draft>
  readonly text: string
  readonly finished: Extract<ExecutionEvent, { readonly _tag: "Finished" }> | undefined
  readonly error: ExecutionError | undefined
  readonly sessionId: string
}

const textOf = (drafts: ReadonlyArray<Draft>): string =>
  drafts.map((draft) => (draft.type === "text" ? draft.data.content : "")).join("")

export const interruptsOf = (drafts: ReadonlyArray<Draft>) =>
  drafts.flatMap((draft) => (draft.type === "interrupt" ? [draft.data] : []))

export const ofType = <Type extends Draft["type"]>(
  drafts: ReadonlyArray<Draft>,
  type: Type,
): ReadonlyArray<Extract<Draft, { readonly type: Type }>["data"]> =>
  drafts.flatMap((draft) => (draft.type === type ? [draft.data as never] : []))

export const execute = (url: string, given: Turn, history: "full" | "last" = "full") =>
  Stream.unwrap(
    Effect.map(AgUiExecutor.make(runtimeAt(url, { protocol: "ag-ui", history })), (wire) =>
      wire.execute(given, { url, headers: { authorization: "Bearer agent-key" }, agent: "" }),
    ),
  ).pipe(Stream.provide(UpstreamHttp.layer))

export const play = async (
  url: string,
  given: Turn,
  history: "full" | "last" = "full",
): Promise<Answered> => {
  const events: Array<ExecutionEvent> = []
  const exit = await execute(url, given, history).pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.runPromiseExit,
  )
  const failed = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
  const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
  return {
    drafts,
    text: textOf(drafts),
    finished: events.find((event) => event._tag === "Finished"),
    error: failed?._tag === "Some" ? failed.value : undefined,
    sessionId: given.sessionId,
  }
}

export interface Sending {
  readonly answers?: ReadonlyArray<InterruptAnswer>
  readonly fields?: Partial<Turn>
}

/** One session of an agent. */
export class AgUiSession {
  readonly sessionId = SessionId.make(crypto.randomUUID())
  readonly #url: string
  readonly #history: "full" | "last"
  #past: ReadonlyArray<PastMessage> = []

  constructor(url: string, history: "full" | "last" = "full") {
    this.#url = url
    this.#history = history
  }

  async send(message: string, { answers, fields = {} }: Sending = {}): Promise<Answered> {
    const interrupts = this.#past.at(-1)?.interrupts ?? []
    const messageId = MessageId.make(crypto.randomUUID())
    const answered = await play(
      this.#url,
      turn({
        sessionId: this.sessionId,
        runId: RunId.make(crypto.randomUUID()),
        messageId,
        message,
        past: this.#past,
        ...(interrupts.length === 0 ? {} : { resume: { interrupts, answers } }),
        ...fields,
      }),
      this.#history,
    )
    this.#past = [...this.#past, { ...user(messageId, message), answers: answers ?? [] }, stored(answered)]
    return answered
  }

  /** A turn that direct mode answered. */
  addDirect(question: string, answer: string): void {
    this.#past = [
      ...this.#past,
      user(MessageId.make(crypto.randomUUID()), question),
      {
        ...user(MessageId.make(crypto.randomUUID()), answer),
        role: "assistant",
        executionMode: "direct_llm",
      },
    ]
  }
}

const user = (id: MessageId, content: string): PastMessage => ({
  id,
  role: "user",
  content,
  executionMode: null,
  interrupts: [],
  answers: [],
  upstream: undefined,
})

const stored = ({ drafts, finished, text }: Answered): PastMessage => ({
  id: MessageId.make(crypto.randomUUID()),
  role: "assistant",
  content: text,
  executionMode: "runtime_orchestrator",
  interrupts: interruptsOf(drafts),
  answers: [],
  upstream: finished?.record,
})
