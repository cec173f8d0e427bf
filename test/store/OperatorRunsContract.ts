/** The contract of every adapter of `OperatorRuns`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { AgentId, lowestIdAt, OrgId, RunId } from "../../src/domain/Ids.ts"
import { FeedbackStore } from "../../src/store/FeedbackStore.ts"
import { OperatorRuns, type RunFilter } from "../../src/store/OperatorRuns.ts"
import { Runs } from "../../src/store/Runs.ts"
import { runRow } from "../../src/store/TurnRows.ts"
import { attempt, begun, completed, naughty, newPrincipal, newTurn, noon, textEntries } from "./Turns.ts"

type Stores = FeedbackStore | OperatorRuns | Runs | SqlClient.SqlClient

const all = { orgId: null, agents: null }
const hour = 3_600_000

/** As a turn at this time would make it. */
const idAt = (at: number) => RunId.make(lowestIdAt(at).slice(0, 14) + uuidV7Unsafe().slice(14))

/** An answered turn at this time, in a session of its own. */
const answeredAt = Effect.fnUntraced(function* (
  at: number,
  owner = newPrincipal(),
  also: { readonly traceId?: string; readonly reason?: string; readonly code?: string } = {},
) {
  const made = newTurn(owner, { at, content: naughty })
  const id = idAt(at)
  const { code, reason = "percentage", traceId = null } = also
  const run = { ...made.run, id, traceId, decision: { ...made.run.decision, reason } }
  const turn = yield* begun({ ...made, run, userMessage: { ...made.userMessage, runId: id } })
  const { ended, message } = completed(turn, naughty)
  const error = code === undefined ? null : { code, message: '"code":"OTHER"', runId: id, recoverable: true }
  yield* (yield* Runs).end({ ...ended, error }, message)
  return { ...turn, owner, message }
})

const ids = (filter: RunFilter, scope: Parameters<OperatorRuns["Service"]["list"]>[0] = all, limit = 50) =>
  OperatorRuns.use((store) =>
    Effect.map(store.list(scope, filter, { limit }), ({ entries }) => entries.map(({ id }) => id)),
  )

export const operatorRuns = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`OperatorRuns on ${name}`, (it) => {
    it.effect("a list is newest first and paged, and shows the facts of each run", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const owner = newPrincipal()
        const filter = { org: owner.orgId }
        const turns = yield* Effect.forEach([3, 1, 2], (n) => answeredAt(noon + n, owner))
        const [newest, oldest, middle] = turns.map(({ run }) => run.id)
        assert.deepStrictEqual(yield* ids(filter), [newest, middle, oldest])
        const first = yield* store.list(all, filter, { limit: 2 })
        assert.deepStrictEqual(first.next, middle)
        const second = yield* store.list(all, filter, { limit: 2, before: middle! })
        assert.deepStrictEqual(
          second.entries.map(({ id }) => id),
          [oldest],
        )
        assert.isNull(second.next)
        const { message, run } = turns[1]!
        const given = { rating: "down" as const, score: 0.5, comment: naughty }
        yield* FeedbackStore.use((feedback) => feedback.put(owner, message.id, given, noon))
        const [shown] = (yield* store.list(all, { session: run.sessionId }, { limit: 1 })).entries
        assert.deepInclude(shown, {
          id: run.id,
          orgId: owner.orgId,
          userId: owner.userId,
          status: "completed",
          executionMode: "direct_llm",
          reason: "percentage",
          code: null,
        })
        const { comment: _, ...rated } = given
        assert.deepStrictEqual(shown?.feedback, {
          messageId: message.id,
          ...rated,
          createdAt: noon,
          updatedAt: noon,
        })
      }),
    )

    it.effect("each filter finds the run, and another value does not", () =>
      Effect.gen(function* () {
        const at = noon + 10 * hour
        const traceId = uuidV7Unsafe().replaceAll("-", "")
        const also = { traceId, reason: 'rule:a_b"c\\', code: "LLM_UNAVAILABLE" }
        const { message, owner, run } = yield* answeredAt(at, undefined, also)
        yield* FeedbackStore.use((store) =>
          store.put(owner, message.id, { rating: "up", score: null, comment: null }, at),
        )
        const { agentId, orgId, sessionId, userId } = run
        const cases: ReadonlyArray<readonly [RunFilter, RunFilter]> = [
          [{ org: orgId }, { org: OrgId.make("nowhere") }],
          [{ user: userId }, { user: newPrincipal().userId }],
          [
            { org: orgId, user: userId },
            { org: newPrincipal().orgId, user: userId },
          ],
          [{ session: sessionId }, { session: newTurn(owner).session.id }],
          [
            { session: sessionId, org: orgId },
            { session: sessionId, org: OrgId.make("nowhere") },
          ],
          [
            { session: sessionId, user: userId },
            { session: sessionId, user: newPrincipal().userId },
          ],
          [
            { org: orgId, agent: agentId },
            { org: orgId, agent: AgentId.make(uuidV7Unsafe()) },
          ],
          [
            { org: orgId, mode: "direct_llm" },
            { org: orgId, mode: "runtime_orchestrator" },
          ],
          [
            { org: orgId, status: "completed" },
            { org: orgId, status: "failed" },
          ],
          [
            { org: orgId, code: also.code },
            { org: orgId, code: "OTHER" },
          ],
          [
            { org: orgId, code: also.code },
            { org: orgId, code: "LLM%UNAVAILABLE" },
          ],
          [
            { org: orgId, reason: also.reason },
            { org: orgId, reason: 'rule:axb"c\\' },
          ],
          [{ traceId }, { traceId: uuidV7Unsafe().replaceAll("-", "") }],
          [
            { traceId, org: orgId },
            { traceId, org: OrgId.make("nowhere") },
          ],
          [
            { org: orgId, from: at },
            { org: orgId, from: at + 1 },
          ],
          [
            { org: orgId, to: at + 1 },
            { org: orgId, to: at },
          ],
          [
            { org: orgId, feedback: "up" },
            { org: orgId, feedback: "down" },
          ],
          [
            { org: orgId, feedback: "any", code: also.code },
            { org: orgId, feedback: "any", code: "OTHER" },
          ],
        ]
        for (const [found, missed] of cases) {
          assert.deepStrictEqual(yield* ids(found), [run.id], JSON.stringify(found))
          assert.deepStrictEqual(yield* ids(missed), [], JSON.stringify(missed))
        }
      }),
    )

    it.effect("a scope hides the runs of other organisations and other agents", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const { owner, run } = yield* answeredAt(noon + 20 * hour)
        const other = AgentId.make(uuidV7Unsafe())
        const own = { orgId: owner.orgId, agents: null }
        const foreign = { orgId: newPrincipal().orgId, agents: null }
        assert.deepStrictEqual(yield* ids({}, own), [run.id])
        assert.deepStrictEqual(yield* ids({}, foreign), [])
        for (const filter of [{ org: owner.orgId }, { session: run.sessionId }, { user: run.userId }])
          assert.deepStrictEqual(yield* ids(filter, foreign), [], JSON.stringify(filter))
        assert.deepStrictEqual(yield* ids({}, { ...own, agents: [run.agentId, other] }), [run.id])
        assert.deepStrictEqual(yield* ids({}, { ...own, agents: [other] }), [])
        assert.deepStrictEqual((yield* store.get(own, run.id)).run.id, run.id)
        assert.deepStrictEqual((yield* store.get(all, run.id)).run.id, run.id)
        for (const scope of [foreign, { ...own, agents: [other] }])
          assert.strictEqual((yield* Effect.flip(store.get(scope, run.id)))._tag, "RunNotFound")
        assert.strictEqual((yield* Effect.flip(store.get(all, idAt(noon))))._tag, "RunNotFound")
      }),
    )

    it.effect("a run has its attempts, feedback and messages, also after a retry took its question", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const runs = yield* Runs
        const { message, owner, run, session, userMessage } = yield* answeredAt(noon + 21 * hour)
        yield* runs.recordAttempt(run.id, attempt(1, false))
        const given = { rating: "up" as const, score: null, comment: naughty }
        yield* FeedbackStore.use((feedback) => feedback.put(owner, message.id, given, noon))
        const found = yield* store.get(all, run.id)
        assert.deepStrictEqual(found.attempts, [attempt(1, false)])
        assert.deepInclude(found.feedback, given)
        const nothing = { parts: [], attachments: [] }
        assert.deepStrictEqual(yield* store.messages(found.run), {
          question: { ...userMessage, ...nothing },
          answer: { ...message, ...nothing },
        })
        const again = newTurn(owner, { session, at: noon + 22 * hour })
        yield* runs.begin({ ...again, userMessage: { ...userMessage, runId: again.run.id }, retries: run.id })
        const { question } = yield* store.messages(found.run)
        assert.strictEqual(question?.id, userMessage.id)
        assert.deepStrictEqual(
          (yield* store.messages({ ...again.run, userMessageId: userMessage.id })).answer,
          null,
        )
      }),
    )

    it.effect("a message has the parts that its user saw", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const turn = yield* begun()
        const { ended, message } = completed(turn, "Hi")
        const parts = textEntries(1, 2).flatMap(({ event }) =>
          event.event === "message" ? [event.data] : [],
        )
        yield* (yield* Runs).end(ended, { ...message, parts })
        assert.deepStrictEqual((yield* store.messages(ended)).answer?.parts, parts)
      }),
    )

    it.effect("deleted runs and messages do not exist", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const sql = yield* SqlClient.SqlClient
        const { owner, run, userMessage } = yield* answeredAt(noon + 23 * hour)
        yield* sql`UPDATE messages SET deleted_at = ${noon} WHERE id = ${userMessage.id}`
        assert.isNull((yield* store.messages(run)).question)
        yield* sql`UPDATE runs SET deleted_at = ${noon} WHERE id = ${run.id}`
        assert.deepStrictEqual(yield* ids({ org: owner.orgId }), [])
        assert.strictEqual((yield* Effect.flip(store.get(all, run.id)))._tag, "RunNotFound")
      }),
    )

    it.effect("a rare filter finds an old run after pages that examine 2000 runs each", () =>
      Effect.gen(function* () {
        const store = yield* OperatorRuns
        const sql = yield* SqlClient.SqlClient
        const at = noon + 100 * hour
        const { owner, run, session } = yield* answeredAt(at, undefined, { code: "RARE" })
        for (let from = 1; from <= 2500; from += 500) {
          const rows = Arr.makeBy(500, (n): Record<string, string | number | null> => ({
            ...runRow({ ...run, id: idAt(at + from + n), sessionId: session.id, status: "completed" }),
            repeats: 0,
            owner: "o",
          }))
          yield* sql`INSERT INTO runs ${sql.insert(rows)}`.unprepared
        }
        const filter = { org: owner.orgId, code: "RARE" }
        const first = yield* store.list(all, filter, { limit: 20 })
        assert.deepStrictEqual(first.entries, [])
        assert.isNotNull(first.next)
        const second = yield* store.list(all, filter, { limit: 20, before: first.next! })
        assert.deepStrictEqual(
          second.entries.map(({ id }) => id),
          [run.id],
        )
        assert.isNull(second.next)
        // A position in the runs of another organisation would show that they exist.
        const foreign = { orgId: newPrincipal().orgId, agents: null }
        const none = yield* store.list(foreign, { session: session.id }, { limit: 20 })
        assert.deepStrictEqual(none, { entries: [], next: null })
      }),
    )
  })
