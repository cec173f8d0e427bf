/** A session over SQLite and an upstream that is as strict as real ones: the harness of the conversation tests. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Accepted, Chat, type TurnRefused } from "../../src/chat/Chat.ts"
import type { Regenerated, Sent } from "../../src/chat/TurnRequest.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { PromptMessage } from "../../src/domain/History.ts"
import type { MessageId, SessionId } from "../../src/domain/Ids.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import * as Stages from "../../src/app/Stages.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { refusalOf } from "../support/strictModel.ts"
import { freePermit } from "./freePermit.ts"
import { temporaryStore } from "./temporaryStore.ts"

const upstream = "strict"
const failed = new E.UpstreamFailed({ upstream, code: "", message: "" })

const setBack = Effect.flatMap(Clock.currentTimeMillis, (now) => TestClock.setTime(now - 300_000))

/** Everything that can become of a turn. */
const fates = {
  answered: Stream.make<Array<ExecutionEvent>>(says(text("Yes.")), finished),
  failed: Stream.fail(failed),
  failedAfterText: Stream.concat(Stream.succeed(says(text("Ye"))), Stream.fail(failed)),
  filtered: Stream.fail(new E.ContentFiltered({ upstream })),
  empty: Stream.succeed(finished),
  blank: Stream.make<Array<ExecutionEvent>>(says(text(" \n\u200b")), finished),
  thought: Stream.make<Array<ExecutionEvent>>(says(text("<think>Hm.</think>")), finished),
  /** Answered after 2 s, while the wall clock is set back by 5 minutes. */
  setBack: Stream.concat(
    Stream.fromEffectDrain(Effect.andThen(TestClock.adjust("2 seconds"), setBack)),
    Stream.make<Array<ExecutionEvent>>(says(text("Yes.")), finished),
  ),
  cancelled: Stream.never,
  cancelledAfterText: Stream.concat(Stream.succeed(says(text("Ye"))), Stream.never),
} satisfies Record<string, Stream.Stream<ExecutionEvent, E.ExecutionError>>
export type Fate = keyof typeof fates

/** `stale`: the session is read as it was before its last message. */
export const script: { fate: Fate; asked: ReadonlyArray<PromptMessage>; stale: boolean } = {
  fate: "answered",
  asked: [],
  stale: false,
}

const readBefore = Layer.effect(
  Sessions,
  Effect.map(Sessions, (sessions) =>
    Sessions.of({
      ...sessions,
      branch: (id, end) =>
        Effect.map(sessions.branch(id, end), (branch) =>
          script.stale && end === undefined ? branch.slice(0, -1) : branch,
        ),
    }),
  ),
)

/** Refuses as a strict model does; the rest is as the script says. */
const strict = Layer.succeed(
  Executor,
  Executor.of({
    mode: "direct_llm",
    target: upstream,
    execute: ({ history }) => {
      script.asked = history
      const detail = refusalOf(history)
      return detail === undefined
        ? fates[script.fate]
        : Stream.fail(new E.UpstreamRejected({ upstream, status: 400, detail }))
    },
  }),
)

export const service = Layer.unwrap(
  Effect.map(Config.read({ CHAT_EXECUTION_MODE: "direct_llm", CHAT_HISTORY_MAX_TOKENS: "40" }), Stages.layer),
).pipe(Layer.provide(Modes.layer([strict])), Layer.provide(readBefore), Layer.provideMerge(temporaryStore))

const caller = { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit }

/** Runs one turn to its end and gives the terminal event. */
export const play = Effect.fnUntraced(function* <E>(
  fate: Fate,
  begin: (chat: Chat["Service"]) => Effect.Effect<Accepted, E>,
) {
  script.fate = fate
  const { log, run } = yield* begin(yield* Chat)
  if (fate.startsWith("cancelled")) {
    yield* Effect.repeat(Effect.yieldNow, {
      until: () => fate === "cancelled" || log.lastSeq > 0,
      times: 10_000,
    })
    yield* (yield* LiveRuns).cancel(run.id)
  }
  yield* log.whenEnded
  yield* (yield* LiveRuns).freed(run.sessionId)
  return { run, sessionId: run.sessionId, end: log.read(log.lastSeq - 1)[0]?.event.event }
})

/** A message of the session, or its first one. `history` applies to the first turn of a session. */
export const turn = (
  fate: Fate,
  sent: Sent & { readonly history?: ReadonlyArray<PromptMessage> },
  sessionId?: SessionId,
) =>
  play(fate, (chat): Effect.Effect<Accepted, TurnRefused> =>
    sessionId === undefined
      ? chat.start(caller, {
          agentId: defaultAgentId,
          message: sent.message ?? "",
          history: sent.history,
        })
      : chat.send(caller, sessionId, sent),
  )

export const again = (fate: Fate, messageId: MessageId, input: Regenerated = {}) =>
  play(fate, (chat) => chat.regenerate(caller, messageId, input))

export const edited = (fate: Fate, messageId: MessageId, message: string) =>
  play(fate, (chat) => chat.edit(caller, messageId, { message }))

export const shown = (sessionId: SessionId) =>
  Effect.map(
    Sessions.use((sessions) => sessions.messages(sessionId, { limit: 1000 })),
    ({ entries }) => entries.map(({ content, role }) => [role, content]),
  )

export const asked = () => script.asked.map(({ content, role }) => [role, content])
