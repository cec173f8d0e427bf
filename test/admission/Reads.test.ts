/** The limits of file transfers. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Rates } from "../../src/admission/Rates.ts"
import { Reads } from "../../src/admission/Reads.ts"
import { OrgId, UserId } from "../../src/domain/Ids.ts"

const reads = Reads.layer({ user: 100, org: 100, answerBytes: 1000 }).pipe(
  Layer.provide(Layer.mock(Rates, {})),
)

const owner = (user: number) => ({ orgId: OrgId.make("acme"), userId: UserId.make(`user-${user}`) })

/** Starts a transfer in a scope of its own, which ends it. */
const begin = Effect.fnUntraced(function* (user: number) {
  const scope = yield* Scope.make()
  yield* Scope.provide((yield* Reads).file(owner(user)), scope)
  return scope
})
const end = (transfer: Scope.Closeable | undefined) =>
  transfer === undefined ? Effect.die("no transfer") : Scope.close(transfer, Exit.void)

describe("transfers of files", () => {
  it.effect("are at most ten for each user, until one ends", () =>
    Effect.gen(function* () {
      const transfers = yield* Effect.forEach(Array.from({ length: 10 }), () => begin(1))
      assert.deepInclude(yield* Effect.flip(begin(1)), { reason: "user_files", retryAfter: 2 })
      yield* begin(2)
      yield* end(transfers[0])
      yield* begin(1)
      assert.strictEqual((yield* Effect.flip(begin(1))).reason, "user_files")
    }).pipe(Effect.provide(reads)),
  )

  it.effect("are at most 200 for all users, until one ends", () =>
    Effect.gen(function* () {
      const transfers = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, number) => Math.floor(number / 10)),
        begin,
      )
      assert.deepInclude(yield* Effect.flip(begin(100)), { reason: "files", retryAfter: 2 })
      yield* end(transfers[0])
      yield* begin(100)
      assert.strictEqual((yield* Effect.flip(begin(101))).reason, "files")
    }).pipe(Effect.provide(reads)),
  )
})
