/** The contract of every adapter of `Replicas`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Batch } from "../../src/persistence/Batch.ts"
import { Replica, ReplicaId } from "../../src/platform/Replica.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import * as ReplicasSql from "../../src/store/ReplicasSql.ts"
import { Runs } from "../../src/store/Runs.ts"
import * as RunsSql from "../../src/store/RunsSql.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { begun, completed, newPrincipal, newTurn, noon, seen } from "./Turns.ts"

/** The store as the replica with this id sees it. */
const replica = (id: string) =>
  Effect.gen(function* () {
    const database = yield* Effect.context<Batch | SqlClient.SqlClient>()
    const stores = Layer.mergeAll(Layer.fresh(ReplicasSql.layerSql), Layer.fresh(RunsSql.layerSql)).pipe(
      Layer.provide(Layer.succeedContext(database)),
      Layer.provide(Layer.succeed(Replica, { id: ReplicaId.make(id) })),
    )
    const context = yield* Layer.build(stores)
    const replicas = yield* Effect.provide(Replicas, context)
    const begin = (owner = newPrincipal()) =>
      Effect.map(Effect.provide(begun(newTurn(owner)), context), (turn) => ({ ...turn, owner }))
    return { ...replicas, begin }
  })

const statusOf = ({
  owner,
  run,
}: Effect.Success<ReturnType<Effect.Success<ReturnType<typeof replica>>["begin"]>>) =>
  Effect.flatMap(Runs, (runs) => Effect.map(runs.get(owner, run.id), (found) => found.run))

export const replicas = (
  name: string,
  layer: Layer.Layer<Batch | Replicas | Runs | Sessions | SqlClient.SqlClient, unknown>,
) =>
  withLayer(layer)(`Replicas on ${name}`, (it) => {
    it.effect(
      "every heartbeat raises the counter that others see, and the first one is marked as the first",
      () =>
        Effect.gen(function* () {
          const [one, two] = [yield* replica("beat-1"), yield* replica("beat-2")]
          assert.isFalse((yield* one.beat).known)
          assert.isTrue((yield* one.beat).known)
          const seen = (yield* two.beat).others.find(({ id }) => id === "beat-1")
          assert.deepStrictEqual<unknown>(seen, { id: "beat-1", beat: 2 })
          yield* one.retire
          assert.isFalse((yield* two.beat).others.some(({ id }) => id === "beat-1"))
          assert.isFalse((yield* one.beat).known)
        }).pipe(Effect.scoped),
    )

    it.effect("dead replicas are removed once with their running runs, and no other runs change", () =>
      Effect.gen(function* () {
        const [dying, living] = [yield* replica("bury-1"), yield* replica("bury-2")]
        yield* dying.beat
        yield* living.beat
        const [left, done, others] = [yield* dying.begin(), yield* dying.begin(), yield* living.begin()]
        const { ended, message } = completed(done, "Hi")
        yield* (yield* Runs).end(ended, message)
        yield* living.remove([])
        const dead = (yield* living.beat).others.filter(({ id }) => id === "bury-1")
        const orphans = yield* living.remove(dead)
        assert.include(orphans, left.run.id)
        assert.notInclude(orphans, done.run.id)
        assert.notInclude(orphans, others.run.id)
        assert.include(yield* living.remove(dead), left.run.id)
        assert.isTrue(yield* living.interrupt(left.run.id, seen("Hel"), noon + 5))
        assert.isFalse(yield* living.interrupt(left.run.id, seen("Hello"), noon + 6))
        assert.isFalse(yield* living.interrupt(done.run.id, seen("Hello"), noon + 6))
        assert.notInclude(yield* living.remove(dead), left.run.id)
        const error = {
          code: "RUN_INTERRUPTED",
          message: "The server stopped while this answer was being written. Send the message again.",
          recoverable: true,
          runId: left.run.id,
        }
        const interrupted = { ...left.run, status: "interrupted" as const, endedAt: noon + 5, error }
        assert.deepStrictEqual(yield* statusOf(left), interrupted)
        const page = yield* (yield* Sessions).messages(left.session.id, { limit: 10 })
        assert.deepStrictEqual(
          page.entries.map(({ content, parentMessageId, role, status }) => [
            role,
            content,
            parentMessageId,
            status,
          ]),
          [
            ["user", left.userMessage.content, null, null],
            ["assistant", "Hel", left.userMessage.id, "interrupted"],
          ],
        )
        assert.deepStrictEqual(
          page.entries[1]?.parts.map(({ data }) => data),
          [{ content: "Hel" }],
        )
        assert.deepStrictEqual(yield* statusOf(done), ended)
        assert.strictEqual((yield* statusOf(others)).status, "running")
      }).pipe(Effect.scoped),
    )

    it.effect("a replica with a heartbeat since the check is not removed", () =>
      Effect.gen(function* () {
        const [slow, other] = [yield* replica("slow-1"), yield* replica("slow-2")]
        yield* slow.beat
        const turn = yield* slow.begin()
        const dead = (yield* other.beat).others.filter(({ id }) => id === "slow-1")
        assert.lengthOf(dead, 1)
        yield* slow.beat
        assert.notInclude(yield* other.remove(dead), turn.run.id)
        assert.strictEqual((yield* statusOf(turn)).status, "running")
        assert.isTrue((yield* slow.beat).known)
      }).pipe(Effect.scoped),
    )

    it.effect("a replica's own running runs are listed by their age, and named ones are interrupted", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* replica("own-1"), yield* replica("own-2")]
        yield* Effect.andThen(one.beat, other.beat)
        const [mine, theirs] = [yield* one.begin(), yield* other.begin()]
        assert.deepStrictEqual(yield* one.running(noon), [])
        assert.deepStrictEqual(yield* one.running(noon + 1), [mine.run.id])
        yield* one.interrupt(mine.run.id, seen(), noon + 2)
        assert.deepStrictEqual(yield* one.running(noon + 1), [])
        assert.strictEqual((yield* statusOf(mine)).status, "interrupted")
        assert.strictEqual((yield* statusOf(theirs)).status, "running")
      }).pipe(Effect.scoped),
    )
  })
