/**
 * The contract of every adapter of `Runs` for a turn from its begin to its end. `RunRecordsContract.ts` has the
 * records in between.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Replicas } from "../../src/store/Replicas.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { Stores } from "./StoreContract.ts"
import {
  allEvents,
  answered,
  attempt,
  begun,
  completed,
  naughty,
  newPrincipal,
  newTurn,
  noon,
  textEntries,
  seen,
  plain,
} from "./Turns.ts"

export const runs = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Runs on ${name}`, (it) => {
    it.effect("a turn is stored as it was begun, and then as it ended", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner))
        assert.deepStrictEqual(yield* runs.get(owner, turn.run.id), { run: turn.run, attempts: [] })
        const { message, ended } = completed(turn, "Hi")
        yield* runs.end(ended, message)
        assert.deepStrictEqual((yield* runs.get(owner, turn.run.id)).run, ended)

        const failed = yield* begun(newTurn(owner, { session: turn.session, at: noon + 60_000 }))
        const error = {
          code: "X",
          message: naughty,
          runId: failed.run.id,
          recoverable: false,
          details: [1, null],
        }
        yield* runs.end({ ...failed.run, status: "failed", error, endedAt: noon + 60_001 }, undefined)
        const kept = (yield* runs.get(owner, failed.run.id)).run
        assert.deepInclude(kept, {
          status: "failed",
          error,
          endedAt: noon + 60_001,
          assistantMessageId: null,
        })
      }),
    )

    it.effect("a run belongs to the process that began it, and to no other", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sql = yield* SqlClient.SqlClient
        const { run } = yield* begun(newTurn(newPrincipal()))
        assert.isTrue(yield* runs.isOwn(run.id))
        yield* sql`UPDATE runs SET owner = ${"another"} WHERE id = ${run.id}`
        assert.isFalse(yield* runs.isOwn(run.id))
        assert.isFalse(yield* runs.isOwn(newTurn(newPrincipal()).run.id))
      }),
    )

    it.effect("a list of runs returns the ended ones with their ends", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const going = yield* begun(newTurn(newPrincipal()))
        const over = yield* begun(newTurn(newPrincipal()))
        const { ended, message } = completed(over, "Hi")
        yield* runs.end(ended, message)
        const nobodys = newTurn(newPrincipal()).run.id
        assert.deepStrictEqual(yield* runs.ended([going.run.id, over.run.id, nobodys]), [ended])
        assert.deepStrictEqual(yield* runs.ended([]), [])
      }),
    )

    it.effect("a turn in an existing session moves its updatedAt and nothing else", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const { session } = yield* answered(newTurn(owner))
        const later = newTurn(owner, { session: { ...session, title: "Other", updatedAt: noon + 1 } })
        yield* begun(later)
        const kept = yield* (yield* Sessions).get(owner, session.id)
        assert.deepStrictEqual(kept, { ...session, updatedAt: noon + 1 })
      }),
    )

    it.effect("a turn whose last insert fails leaves nothing behind", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sessions = yield* Sessions
        const owner = newPrincipal()
        const first = yield* begun(newTurn(owner))
        const second = newTurn(owner)
        const clash = { ...second, userMessage: { ...second.userMessage, id: first.userMessage.id } }
        const error = yield* Effect.flip(runs.begin(clash))
        assert.deepInclude(error, { _tag: "StoreError", operation: "Runs.begin" })
        assert.strictEqual(
          (yield* Effect.flip(sessions.get(owner, second.session.id)))._tag,
          "SessionNotFound",
        )
        assert.strictEqual((yield* Effect.flip(runs.get(owner, second.run.id)))._tag, "RunNotFound")
        assert.deepStrictEqual(plain((yield* sessions.messages(first.session.id, { limit: 9 })).entries), [
          first.userMessage,
        ])
      }),
    )

    it.effect("an end whose message cannot be stored leaves the run unchanged", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner))
        const { message, ended } = completed(turn, "Hi")
        const nowhere = newTurn(owner).session.id
        const error = yield* Effect.flip(runs.end(ended, { ...message, sessionId: nowhere }))
        assert.deepInclude(error, { _tag: "StoreError", operation: "Runs.end" })
        assert.deepStrictEqual((yield* runs.get(owner, turn.run.id)).run, turn.run)
      }),
    )

    it.effect("an end also writes the unwritten records of its run, all or none, and once", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner))
        const { id } = turn.run
        yield* runs.append([{ id, entries: textEntries(1, 2) }])
        const { message, ended } = completed(turn, "Hi")
        const rest = { attempts: [attempt(1, false)], entries: textEntries(2, 5) }
        const nowhere = newTurn(owner).session.id
        yield* Effect.flip(runs.end(ended, { ...message, sessionId: nowhere }, rest))
        assert.deepStrictEqual(yield* runs.get(owner, id), { run: turn.run, attempts: [] })
        assert.deepStrictEqual(yield* allEvents(id, 0), textEntries(1, 2))
        yield* runs.end(ended, message, rest)
        yield* runs.end(ended, message, rest)
        assert.deepStrictEqual(yield* runs.get(owner, id), { run: ended, attempts: rest.attempts })
        assert.deepStrictEqual(yield* allEvents(id, 0), textEntries(1, 5))
      }),
    )

    it.effect("an end may be written again, and one of a run that was never begun fails", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const turn = yield* begun()
        const { message, ended } = completed(turn, "Hi")
        yield* runs.end(ended, message)
        yield* runs.end(ended, message)
        const { entries: messages } = yield* (yield* Sessions).messages(turn.session.id, { limit: 9 })
        assert.deepStrictEqual(plain(messages), [turn.userMessage, message])
        const unknown = completed(newTurn(newPrincipal()), "Hi")
        const error = yield* Effect.flip(runs.end(unknown.ended, undefined))
        assert.deepInclude(error, { _tag: "RunLost", runId: unknown.ended.id })
      }),
    )

    it.effect("a run is found by its user and not by another, of the same organisation or of none", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const { run } = yield* begun(newTurn(owner))
        for (const other of [newPrincipal(owner.orgId), { ...owner, orgId: newPrincipal().orgId }]) {
          const error = yield* Effect.flip(runs.get(other, run.id))
          assert.deepInclude(error, { _tag: "RunNotFound", runId: run.id })
        }
      }),
    )

    it.effect("records of a run that another replica has ended are stored all the same", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner))
        yield* (yield* Replicas).interrupt(turn.run.id, seen(), noon + 5)
        const { message, ended } = completed(turn, "Hi")
        const rest = { attempts: [attempt(1, false)], entries: textEntries(1, 3) }
        yield* Effect.flip(runs.end(ended, message, rest))
        const { attempts, run } = yield* runs.get(owner, turn.run.id)
        assert.deepStrictEqual([run.status, attempts], ["interrupted", rest.attempts])
        assert.deepStrictEqual(yield* allEvents(turn.run.id, 0), rest.entries)
      }),
    )

    it.effect(
      "the end of a run that another replica has ended is refused, and its answer is not stored",
      () =>
        Effect.gen(function* () {
          const runs = yield* Runs
          const turn = yield* begun()
          yield* (yield* Replicas).interrupt(turn.run.id, seen(), noon + 5)
          const { message, ended } = completed(turn, "Hi")
          assert.deepInclude(yield* Effect.flip(runs.end(ended, message)), { _tag: "RunLost" })
          const { entries: messages } = yield* (yield* Sessions).messages(turn.session.id, { limit: 9 })
          // The answer of the slow replica replaces the parts that were stored by then.
          assert.deepStrictEqual(
            messages.map(({ content, error, status }) => [content, status, error?.code]),
            [
              [turn.userMessage.content, null, undefined],
              ["Hi", "interrupted", "RUN_INTERRUPTED"],
            ],
          )
          const other = yield* answered(newTurn(newPrincipal()))
          const later = { ...completed(other, "Hi").ended, endedAt: noon + 9 }
          assert.deepInclude(yield* Effect.flip(runs.end(later, undefined)), { _tag: "RunLost" })
        }),
    )

    it.effect("a hundred concurrent turns are all stored", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const turns = Array.from({ length: 100 }, () => newTurn(owner))
        yield* Effect.forEach(turns, begun, { concurrency: "unbounded", discard: true })
        const sessions = yield* Sessions
        for (const { session, userMessage } of turns) {
          assert.deepStrictEqual(plain((yield* sessions.messages(session.id, { limit: 9 })).entries), [
            userMessage,
          ])
        }
      }),
    )

    it.effect("one of a hundred concurrent turns in one session begins, and the next when it has ended", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const { session } = yield* answered(newTurn(owner))
        const turns = Array.from({ length: 100 }, () => newTurn(owner, { session }))
        const tags = yield* Effect.forEach(
          turns,
          (turn) =>
            Effect.match(begun(turn), { onSuccess: ({ run }) => run.id, onFailure: ({ _tag }) => _tag }),
          { concurrency: "unbounded" },
        )
        const taken = turns.filter(({ run }) => tags.includes(run.id))
        assert.strictEqual(taken.length, 1)
        assert.strictEqual(tags.filter((tag) => tag === "SessionBusy").length, 99)
        assert.strictEqual((yield* (yield* Sessions).messages(session.id, { limit: 200 })).entries.length, 2)
        yield* (yield* Runs).end(completed(taken[0]!, "Hi").ended, undefined)
        yield* begun(newTurn(owner, { session }))
      }),
    )
  })
