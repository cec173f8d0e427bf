import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Admission } from "../../src/admission/Admission.ts"
import type { Owner } from "../../src/admission/OpenStreams.ts"
import { dayMs } from "../../src/admission/TokenBudget.ts"
import { TokenSpend } from "../../src/store/TokenSpend.ts"
import { budgetsInMemory, inMemory, someone } from "./limits.ts"

const limits = { userTurns: 10_000, orgTurns: 10_000, userStreams: 3, orgStreams: 10, streams: 8 }
const nothingSpent = Layer.succeed(TokenSpend, { spent: () => Effect.succeed(0), add: () => Effect.void })

const service = Admission.layer(limits).pipe(
  Layer.provide([inMemory, budgetsInMemory({ user: 5000, org: 0 }, nothingSpent)]),
)

/** A request for a turn; `leave` ends it. */
const request = Effect.fnUntraced(function* (owner: Owner, mayBeginLater = false) {
  const admission = yield* Admission
  const scope = yield* Scope.make()
  const taken = yield* Effect.result(
    Scope.provide(
      Effect.map(admission.turn(owner, mayBeginLater), ({ permit }) => permit),
      scope,
    ),
  )
  const leave = Scope.close(scope, Exit.void)
  if (taken._tag === "Success") return { permit: taken.success, leave, reason: undefined }
  return { permit: undefined, leave, reason: taken.failure.reason }
})

/** A turn whose run continues until `end`, also after its request has left. */
const started = Effect.fnUntraced(function* (owner: Owner, mayBeginLater = false) {
  const { leave, permit, reason } = yield* request(owner, mayBeginLater)
  if (permit === undefined) return { reason, leave, run: undefined, end: Effect.void }
  const begun = yield* Effect.result(permit.begin(() => 10))
  if (begun._tag === "Failure") {
    yield* leave
    const { failure } = begun
    return {
      reason: failure._tag === "AdmissionRejected" ? failure.reason : failure._tag,
      leave,
      run: undefined,
      end: Effect.void,
    }
  }
  const done = yield* Deferred.make<void>()
  const run = yield* Effect.forkDetach(permit.during(Effect.andThen(Deferred.await(done), permit.end(42))), {
    startImmediately: true,
  })
  return {
    reason: "running",
    leave,
    run,
    end: Effect.andThen(Deferred.succeed(done, undefined), Effect.asVoid(Fiber.await(run))),
  }
})

const leftBehind = Effect.fnUntraced(function* (owner: Owner) {
  const turn = yield* started(owner)
  yield* turn.leave
  return turn
})

describe("the permit of a turn", () => {
  it.effect("X9: is held while the run continues, also after its request has left", () =>
    Effect.gen(function* () {
      const ana = someone()
      const turns = yield* Effect.replicateEffect(leftBehind(ana), 60)
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.userStreams,
      )
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "user_runs"),
        60 - limits.userStreams,
      )
      yield* turns[0]!.end
      assert.strictEqual((yield* leftBehind(ana)).reason, "running")
      assert.strictEqual((yield* leftBehind(ana)).reason, "user_runs")
    }).pipe(Effect.provide(service)),
  )

  it.effect("is returned when the run is interrupted or dies", () =>
    Effect.gen(function* () {
      const ana = someone()
      for (let round = 0; round < 10; round++) {
        const { run } = yield* leftBehind(ana)
        yield* Fiber.interrupt(run!)
      }
      const admission = yield* Admission
      for (let round = 0; round < 10; round++) {
        const permit = yield* Effect.scoped(
          Effect.tap(
            Effect.map(admission.turn(ana, false), (admitted) => admitted.permit),
            (held) => held.begin(() => 10),
          ),
        )
        yield* Effect.exit(permit.during(Effect.die("a bug")))
      }
      const turns = yield* Effect.replicateEffect(leftBehind(ana), 4)
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.userStreams,
      )
    }).pipe(Effect.provide(service)),
  )

  it.effect("is returned when no run begins", () =>
    Effect.gen(function* () {
      const ana = someone()
      for (let round = 0; round < 20; round++) {
        const { leave, permit } = yield* request(ana)
        if (round % 2 === 0) yield* permit!.begin(() => 10)
        yield* leave
      }
      const turns = yield* Effect.replicateEffect(leftBehind(ana), 4)
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.userStreams,
      )
    }).pipe(Effect.provide(service)),
  )

  it.effect("is returned when the turn has already begun, while its reader stays", () =>
    Effect.gen(function* () {
      const ana = someone()
      const { permit } = yield* request(ana, true)
      yield* permit!.begin(() => 10)
      yield* permit!.end()
      const turns = yield* Effect.replicateEffect(leftBehind(ana), 4)
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.userStreams,
      )
    }).pipe(Effect.provide(service)),
  )

  it.effect("takes no place for a request that only reads, and no second place for its run", () =>
    Effect.gen(function* () {
      const ana = someone()
      yield* Effect.replicateEffect(leftBehind(ana), 3)
      const again = yield* request(ana, true)
      assert.isDefined(again.permit)
      const full = yield* Effect.flip(again.permit!.begin(() => 10))
      assert.deepInclude(full, { reason: "user_runs" })
      yield* again.leave
      const bob = someone()
      const { permit } = yield* request(bob)
      yield* Effect.replicateEffect(
        permit!.begin(() => 10),
        5,
      )
      const others = yield* Effect.replicateEffect(leftBehind(bob), 3)
      assert.lengthOf(
        others.filter(({ reason }) => reason === "running"),
        2,
      )
    }).pipe(Effect.provide(service)),
  )

  it.effect("is returned while the turn waits for its session, and then taken again", () =>
    Effect.gen(function* () {
      const ana = someone()
      const { permit } = yield* request(ana)
      yield* permit!.begin(() => 10)
      yield* permit!.end()
      const others = yield* Effect.replicateEffect(leftBehind(ana), 3)
      assert.lengthOf(
        others.filter(({ reason }) => reason === "running"),
        3,
      )
      assert.deepInclude(yield* Effect.flip(permit!.begin(() => 10)), { reason: "user_runs" })
      yield* others[0]!.end
      yield* permit!.begin(() => 10)
      assert.strictEqual((yield* leftBehind(ana)).reason, "user_runs")
    }).pipe(Effect.provide(service)),
  )

  it.effect("takes a place that became free after its request was admitted", () =>
    Effect.gen(function* () {
      const ana = someone()
      const [first] = yield* Effect.replicateEffect(leftBehind(ana), 3)
      const { permit } = yield* request(ana)
      assert.deepInclude(yield* Effect.flip(permit!.begin(() => 10)), { reason: "user_runs" })
      yield* first!.end
      yield* permit!.begin(() => 10)
    }).pipe(Effect.provide(service)),
  )

  it.effect("counts the runs of the process", () =>
    Effect.gen(function* () {
      const turns = yield* Effect.forEach(
        Array.from({ length: 12 }, () => someone()),
        leftBehind,
      )
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.streams,
      )
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "process"),
        4,
      )
      yield* turns[0]!.end
      assert.strictEqual((yield* leftBehind(someone())).reason, "running")
    }).pipe(Effect.provide(service)),
  )

  it.effect("leaves nothing taken if its request is interrupted at any point", () =>
    Effect.gen(function* () {
      const admission = yield* Admission
      const ana = someone()
      for (let round = 0; round < 100; round++) {
        const turn = Effect.flatMap(admission.turn(ana, round % 2 === 0), ({ permit }) =>
          Effect.andThen(Effect.uninterruptible(permit.begin(() => 10)), Effect.yieldNow),
        )
        const fiber = yield* Effect.forkChild(Effect.scoped(turn))
        for (let step = 0; step < round % 9; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }
      const turns = yield* Effect.replicateEffect(leftBehind(ana), 4)
      assert.lengthOf(
        turns.filter(({ reason }) => reason === "running"),
        limits.userStreams,
      )
    }).pipe(Effect.provide(service)),
  )

  it.effect("X9: refuses a turn after the day's tokens are spent, until the next day", () =>
    Effect.gen(function* () {
      const ana = someone()
      yield* TestClock.setTime(3 * dayMs - 90_000)
      const ask = Effect.gen(function* () {
        const { leave, permit } = yield* request(ana)
        const begun = yield* Effect.result(permit!.begin(() => 10))
        if (begun._tag === "Success") yield* permit!.end(4999)
        yield* leave
        return begun
      })
      assert.strictEqual((yield* ask)._tag, "Success")
      assert.strictEqual((yield* ask)._tag, "Success")
      const refused = yield* Effect.flip(Effect.flatMap(ask, Effect.fromResult))
      assert.deepInclude(refused, { reason: "user_tokens", retryAfter: 90 })
      yield* TestClock.adjust("90 seconds")
      assert.strictEqual((yield* ask)._tag, "Success")
    }).pipe(Effect.provide(service)),
  )

  it.effect("asks to retry soon while the remaining tokens are only reserved", () =>
    Effect.gen(function* () {
      const ana = someone()
      const { permit } = yield* request(ana)
      yield* permit!.begin(() => 5000)
      assert.strictEqual(permit!.budget?.remaining, 0)
      const other = yield* request(ana)
      const refused = yield* Effect.flip(other.permit!.begin(() => 10))
      assert.deepInclude(refused, { reason: "reserved_tokens", retryAfter: 2 })
      yield* permit!.end(10)
      yield* other.permit!.begin(() => 10)
    }).pipe(Effect.provide(service)),
  )
})
