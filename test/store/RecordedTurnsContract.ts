/** The contract of every adapter of `RecordedTurns`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { RecordedTurns } from "../../src/store/RecordedTurns.ts"
import * as RecordedTurnsSql from "../../src/store/RecordedTurnsSql.ts"
import { Runs } from "../../src/store/Runs.ts"
import type { Stores } from "./StoreContract.ts"
import { answered, attempt, begun, newPrincipal, newTurn, noon } from "./Turns.ts"

const turnsOf = (orgId: string, since: number) =>
  RecordedTurns.use((turns) => Stream.runCollect(turns.since(since))).pipe(
    Effect.map((all) => all.filter((turn) => turn.orgId === orgId)),
  )

export const recordedTurns = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(Layer.provideMerge(RecordedTurnsSql.layerSql, layer))(`RecordedTurns on ${name}`, (it) => {
    it.effect("have their attempts by number, without shadows", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const { run } = yield* begun(newTurn(owner))
        const quiet = yield* begun(newTurn(owner))
        for (const number of [2, 1, 3]) yield* runs.recordAttempt(run.id, attempt(number, number === 3))
        assert.deepStrictEqual(yield* turnsOf(owner.orgId, noon), [
          {
            orgId: run.orgId,
            sessionId: run.sessionId,
            createdAt: noon,
            attempts: [attempt(1, false), attempt(2, false)],
          },
          { orgId: run.orgId, sessionId: quiet.run.sessionId, createdAt: noon, attempts: [] },
        ])
      }),
    )

    it.effect(
      "are returned once each over several pages, in the order of their starts, from `since` on",
      () =>
        Effect.gen(function* () {
          const owner = newPrincipal()
          const { session } = yield* answered(newTurn(owner, { at: noon - 1 }))
          yield* Effect.forEach(
            Array.from({ length: 1200 }, (_, number) => newTurn(owner, { session, at: noon + number })),
            answered,
            { discard: true },
          )
          const found = (yield* turnsOf(owner.orgId, noon)).map(({ createdAt }) => createdAt)
          assert.deepStrictEqual(
            found,
            Array.from({ length: 1200 }, (_, number) => noon + number),
          )
        }),
    )
  })
