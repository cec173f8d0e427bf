/** The contract of every adapter of `FeedbackStore`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { Rated } from "../../src/domain/Feedback.ts"
import { AgentId, ApiKeyId, MessageId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { FeedbackStore } from "../../src/store/FeedbackStore.ts"
import { Runs } from "../../src/store/Runs.ts"
import { begun, completed, naughty, newPrincipal, newTurn, noon } from "./Turns.ts"

type Stores = FeedbackStore | Runs | SqlClient.SqlClient

const up = { rating: "up", score: null, comment: null } as const
const down = { rating: "down", score: null, comment: null } as const

/** An answered turn of a new user. */
const answer = Effect.gen(function* () {
  const owner = newPrincipal()
  const turn = yield* begun(newTurn(owner))
  const { ended, message } = completed(turn, "Hi")
  yield* (yield* Runs).end(ended, message)
  return { owner, turn, message }
})

const limitedTo = (principal: Principal, agentId: AgentId): Principal => ({
  ...principal,
  key: {
    id: ApiKeyId.make(`key_${"0".repeat(32)}`),
    agents: [agentId],
    ratePerMinute: null,
    expiresAt: null,
  },
})

export const feedback = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`FeedbackStore on ${name}`, (it) => {
    it.effect("a write replaces all fields, and the same write again changes nothing", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const { message, owner } = yield* answer
        assert.isUndefined(yield* store.get(owner, message.id))
        const given = { rating: "down" as const, score: 0.25, comment: naughty }
        const first = yield* store.put(owner, message.id, given, noon)
        const { runId, sessionId } = message
        assert.deepStrictEqual(first.feedback, {
          messageId: message.id,
          runId,
          sessionId,
          ...given,
          createdAt: noon,
          updatedAt: noon,
        })
        assert.deepStrictEqual(first.change, { mode: "direct_llm", from: undefined, to: "down" })
        const again = yield* store.put(owner, message.id, given, noon + 5)
        assert.deepStrictEqual(again.feedback, first.feedback)
        assert.deepStrictEqual(again.change, { mode: "direct_llm", from: "down", to: "down" })
        const second = yield* store.put(owner, message.id, up, noon + 9)
        assert.deepStrictEqual(second.feedback, { ...first.feedback, ...up, updatedAt: noon + 9 })
        assert.deepStrictEqual(yield* store.get(owner, message.id), second.feedback)
      }),
    )

    it.effect("feedback without thumbs is `none`, with each bound of the score", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const { message, owner } = yield* answer
        const changes: Array<readonly [Rated, Rated]> = []
        for (const given of [
          { ...up, rating: null, score: 0 },
          { ...up, rating: null, score: 1 },
          { ...up, score: 1 },
          { ...up, rating: null, comment: "hm" },
        ]) {
          const { change, feedback } = yield* store.put(owner, message.id, given, noon)
          assert.deepInclude(feedback, given)
          changes.push([change.from, change.to])
        }
        assert.deepStrictEqual(changes, [
          [undefined, "none"],
          ["none", "none"],
          ["none", "up"],
          ["up", "none"],
        ])
      }),
    )

    it.effect("a withdrawal names the rating that it removed, and a second one removes nothing", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const { message, owner } = yield* answer
        const nothing = { mode: "direct_llm", from: undefined, to: undefined } as const
        assert.deepStrictEqual(yield* store.withdraw(owner, message.id), nothing)
        yield* store.put(owner, message.id, up, noon)
        yield* store.put(owner, message.id, down, noon)
        assert.deepStrictEqual(yield* store.withdraw(owner, message.id), { ...nothing, from: "down" })
        assert.deepStrictEqual(yield* store.withdraw(owner, message.id), nothing)
        assert.isUndefined(yield* store.get(owner, message.id))
        const { change } = yield* store.put(owner, message.id, up, noon)
        assert.deepStrictEqual([change.from, change.to], [undefined, "up"])
      }),
    )

    it.effect("concurrent writes and withdrawals form one chain of changes", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const { message, owner } = yield* answer
        const changes = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) =>
            index % 5 === 4
              ? store.withdraw(owner, message.id)
              : Effect.map(
                  store.put(owner, message.id, index % 2 === 0 ? up : down, noon + index),
                  ({ change }) => change,
                ),
          { concurrency: "unbounded" },
        )
        const last = (yield* store.get(owner, message.id))?.rating ?? undefined
        const left = changes.map(({ from }) => String(from)).concat(String(last))
        const entered = changes.map(({ to }) => String(to)).concat("undefined")
        assert.deepStrictEqual(left.toSorted(), entered.toSorted())
      }),
    )

    it.effect("the answer of a failed turn takes feedback, without a mode", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner))
        const { ended, message } = completed(turn, "")
        const failed = { ...ended, status: "failed", assistantMessageId: null, executionMode: null } as const
        yield* (yield* Runs).end(failed, { ...message, executionMode: null })
        const { change } = yield* store.put(owner, message.id, down, noon)
        assert.deepStrictEqual(change, { mode: null, from: undefined, to: "down" })
      }),
    )

    it.effect("messages of others, unknown, deleted and own ones are refused and stay as they are", () =>
      Effect.gen(function* () {
        const store = yield* FeedbackStore
        const sql = yield* SqlClient.SqlClient
        const { message, owner, turn } = yield* answer
        yield* store.put(owner, message.id, up, noon)
        const colleague = { ...newPrincipal(owner.orgId) }
        const namesake = { ...newPrincipal(), userId: owner.userId }
        const other = AgentId.make(uuidV7Unsafe())
        const tried = (principal: Principal, id: MessageId) =>
          Effect.forEach(
            [
              Effect.asVoid(store.put(principal, id, down, noon)),
              Effect.asVoid(store.withdraw(principal, id)),
              Effect.asVoid(store.get(principal, id)),
            ],
            (refused) => Effect.map(Effect.flip(refused), ({ _tag }) => _tag),
          )
        for (const [principal, id, tag] of [
          [colleague, message.id, "MessageNotFound"],
          [namesake, message.id, "MessageNotFound"],
          [owner, MessageId.make(uuidV7Unsafe()), "MessageNotFound"],
          [owner, turn.userMessage.id, "NotAnAnswer"],
          [limitedTo(owner, other), message.id, "AgentDenied"],
        ] as const)
          assert.deepStrictEqual(yield* tried(principal, id), [tag, tag, tag])
        assert.deepInclude(yield* store.get(owner, message.id), up)
        yield* sql`UPDATE messages SET deleted_at = ${noon} WHERE id = ${message.id}`
        assert.deepStrictEqual(new Set(yield* tried(owner, message.id)), new Set(["MessageNotFound"]))
      }),
    )
  })
