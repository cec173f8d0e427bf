/** Random edits, other answers, retries, deletions and failures: the tree of a session and its prompts stay valid. */
import { assert, describe, inject, layer as withLayer } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import * as Stages from "../../src/app/Stages.ts"
import { type Accepted, Chat, type TurnRefused } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { PromptMessage } from "../../src/domain/History.ts"
import type { MessageId, SessionId } from "../../src/domain/Ids.ts"
import type { ChatMessage } from "../../src/domain/Session.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import type { Batch } from "../../src/persistence/Batch.ts"
import { Replica } from "../../src/platform/Replica.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import * as Database from "../../src/store/Database.ts"
import { Messages } from "../../src/store/Messages.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { freshDatabase } from "../support/postgres.ts"
import { refusalOf } from "../support/strictModel.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import { freePermit } from "./freePermit.ts"

const upstream = "strict"
const fates = ["answered", "answered", "failed", "failedAfterText", "blank"] as const
type Fate = (typeof fates)[number]

/** Every answer has a text of its own, so that a prompt shows which answers it has. */
const script: { fate: Fate; answers: number; asked: ReadonlyArray<PromptMessage> } = {
  fate: "answered",
  answers: 0,
  asked: [],
}

type Events = Stream.Stream<ExecutionEvent, E.ExecutionError>

const answered = (fate: Fate): Events => {
  const failure: Events = Stream.fail(new E.UpstreamFailed({ upstream, code: "", message: "" }))
  const answer = says(text(`a${(script.answers += 1)};`))
  if (fate === "failed") return failure
  if (fate === "failedAfterText") return Stream.concat(Stream.succeed(answer), failure)
  return Stream.make<Array<ExecutionEvent>>(fate === "blank" ? says(text(" ")) : answer, finished)
}

const strict = Layer.succeed(
  Executor,
  Executor.of({
    mode: "direct_llm",
    target: upstream,
    execute: ({ history }) => {
      script.asked = history
      const detail = refusalOf(history)
      return detail === undefined
        ? answered(script.fate)
        : Stream.die(new Error(`refused: ${detail} ${JSON.stringify(history)}`))
    },
  }),
)

const serviceOver = <E>(database: Layer.Layer<Batch | SqlClient.SqlClient, E>) => {
  const store = SqlStore.layer.pipe(
    Layer.provideMerge(database),
    Layer.provideMerge(Replica.layer),
    Layer.provideMerge(layerWebCrypto),
  )
  const stages = Effect.map(Config.read({ CHAT_EXECUTION_MODE: "direct_llm" }), Stages.layer)
  return Layer.unwrap(stages).pipe(Layer.provide(Modes.layer([strict])), Layer.provideMerge(store))
}

const caller = { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit }

const Step = Schema.Struct({
  kind: Schema.Literals(["send", "sendAfter", "edit", "regenerate", "retry", "retryAt", "delete"]),
  fate: Schema.Literals(fates),
  /** A message of the session, counted from its start. */
  at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
})

const stored = (id: SessionId) =>
  Effect.map(
    Sessions.use((sessions) => sessions.messages(id, { limit: 1000 })),
    ({ entries }) => entries,
  )

/** From the root to the message. Fails on a cycle. */
const chainOf = (
  messages: ReadonlyArray<ChatMessage>,
  end: ChatMessage | undefined,
): ReadonlyArray<ChatMessage> => {
  const chain: Array<ChatMessage> = []
  for (let message = end; message !== undefined;) {
    assert.notInclude(chain, message)
    chain.unshift(message)
    const parent = message.parentMessageId
    message = messages.find(({ id }) => id === parent)
  }
  return chain
}

const removed = Effect.fnUntraced(function* (id: MessageId) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`WITH RECURSIVE below (id) AS (
      SELECT id FROM messages WHERE id = ${id}
      UNION ALL SELECT m.id FROM messages m JOIN below b ON m.parent_message_id = b.id
    ) UPDATE messages SET deleted_at = 1 WHERE id IN (SELECT id FROM below)`
})

const begin = (chat: Chat["Service"], sessionId: SessionId, step: typeof Step.Type, index: number) => {
  const message = `q${index};`
  const at = (target: ChatMessage | undefined): Effect.Effect<Accepted, TurnRefused> => {
    switch (step.kind) {
      case "edit":
        return target?.role === "user"
          ? chat.edit(caller, target.id, { message })
          : chat.send(caller, sessionId, { message })
      case "regenerate":
        return target === undefined
          ? chat.send(caller, sessionId, { message })
          : chat.regenerate(caller, target.id, {})
      case "retry":
        return chat.send(caller, sessionId, { retry: true })
      case "retryAt":
        return chat.send(caller, sessionId, { retry: true, parentMessageId: target?.id ?? null })
      case "sendAfter":
        return chat.send(caller, sessionId, { message, parentMessageId: target?.id ?? null })
      default:
        return chat.send(caller, sessionId, { message })
    }
  }
  return at
}

const played = Effect.fnUntraced(function* (turn: Effect.Effect<Accepted, TurnRefused>, fate: Fate) {
  script.fate = fate
  script.asked = []
  const accepted = yield* turn.pipe(Effect.catchTag("NothingToRetry", () => Effect.undefined))
  if (accepted === undefined) return undefined
  yield* accepted.log.whenEnded
  yield* (yield* LiveRuns).freed(accepted.run.sessionId)
  return accepted.run
})

/** The prompt has texts of the question's path alone, and ends with the question. */
const holdsToPath = (messages: ReadonlyArray<ChatMessage>, questionId: MessageId) => {
  const question = messages.find(({ id }) => id === questionId)
  const path = chainOf(messages, question).map(({ content }) => content.trim())
  const pieces = script.asked.flatMap(({ content }) => content.split("\n\n"))
  for (const piece of pieces) assert.include(path, piece)
  assert.strictEqual(pieces.at(-1), question?.content)
  assert.strictEqual(new Set(pieces).size, pieces.length)
}

const holdsAsTree = Effect.fnUntraced(function* (messages: ReadonlyArray<ChatMessage>) {
  const store = yield* Messages
  const answers = messages.filter(({ role }) => role === "assistant")
  assert.strictEqual(new Set(answers.map(({ runId }) => runId)).size, answers.length)
  for (const message of messages) {
    const chain = chainOf(messages, message)
    const { entries } = yield* store.path(message.sessionId, message.id, { limit: 100 })
    assert.deepStrictEqual(
      entries.map(({ id }) => id),
      chain.map(({ id }) => id),
    )
    const last = entries.at(-1)
    const siblings = messages.filter(
      ({ parentMessageId, role }) => parentMessageId === message.parentMessageId && role === message.role,
    )
    assert.deepStrictEqual(
      last?.siblings,
      siblings.map(({ id }) => id),
    )
  }
})

const suite = <E>(name: string, database: Layer.Layer<Batch | SqlClient.SqlClient, E>) =>
  withLayer(serviceOver(database))(`branches on ${name}`, (it) => {
    it.effect.prop(
      "stay valid under random edits, answers, retries, deletions and failures",
      [Schema.Array(Step).check(Schema.isMaxLength(12))],
      ([steps]) =>
        Effect.gen(function* () {
          const chat = yield* Chat
          const start = chat.start(caller, { agentId: defaultAgentId, message: "q;" })
          const first = yield* played(start, "answered")
          const sessionId = first!.sessionId
          let questions = 1
          for (const [index, step] of steps.entries()) {
            const before = yield* stored(sessionId)
            const target = before[step.at % Math.max(1, before.length)]
            if (step.kind === "delete") {
              if (target !== undefined) yield* removed(target.id)
              questions = (yield* stored(sessionId)).filter(({ role }) => role === "user").length
              continue
            }
            const run = yield* played(begin(chat, sessionId, step, index)(target), step.fate)
            const messages = yield* stored(sessionId)
            const users = messages.filter(({ role }) => role === "user")
            if (run === undefined) {
              assert.deepStrictEqual(messages, before)
              continue
            }
            const isNew = before.every(({ id }) => id !== run.userMessageId)
            assert.strictEqual(users.length, questions + (isNew ? 1 : 0))
            questions = users.length
            holdsToPath(messages, run.userMessageId)
            yield* holdsAsTree(messages)
          }
        }),
      { arbitrary: { runs: 40 }, timeout: 120_000 },
    )
  })

suite(
  "SQLite",
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
)

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("with its services", () => {
  suite(
    "PostgreSQL",
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl ?? ""), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
  )
})
