import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RunReader } from "../../src/chat/RunReader.ts"
import type { Run } from "../../src/domain/Run.ts"
import { Runs } from "../../src/store/Runs.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { RunElsewhere, SharedLogs } from "../../src/sharing/SharedLogs.ts"
import { principal, run, runId } from "../support/fixtures.ts"
import { completed, entriesOf, given, interruption, pageOf, texts } from "./keptRuns.ts"

/** The store's other replica: it executes the run, and `shared` knows what is known of it here. */
const elsewhere = (kept: Run, ended: boolean, shared: SharedLogs["Service"]) => {
  const over = { ...kept, ...completed }
  let asked = 0
  const runs = Layer.mock(Runs, {
    // It ends, if it does, after it was first looked at.
    get: () => Effect.sync(() => ({ run: ended && asked++ > 0 ? over : kept, attempts: [] })),
    isOwn: () => Effect.succeed(false),
    ended: () => Effect.succeed(ended ? [over] : []),
    events: (_, after) => Effect.succeed(pageOf(entriesOf(texts(2)), after)),
  })
  return RunReader.layer.pipe(
    Layer.provide(Layer.succeed(SharedLogs, shared)),
    Layer.provide(LiveRuns.layer({ detachGrace: "1 minute" })),
    Layer.provide(runs),
  )
}
const notHeard: SharedLogs["Service"] = {
  follow: (id) => Effect.fail(new RunElsewhere({ runId: id })),
  forget: () => Effect.void,
  cancel: (id) => Effect.fail(new RunElsewhere({ runId: id })),
}

describe("a run that another replica executes", () => {
  const following = (log: RunLog): SharedLogs["Service"] => ({
    follow: () => Effect.succeed({ log, attach: Effect.void }),
    forget: () => Effect.void,
    cancel: () => Effect.succeed(true),
  })

  it.effect("is read from its mirror here, and cancelled there", () => {
    const log = new RunLog(runId)
    return Effect.gen(function* () {
      const reader = yield* RunReader
      const { source } = yield* reader.events(principal, runId, 0)
      assert.isTrue(source._tag === "Live" && source.log === log)
      assert.isTrue(yield* reader.cancel(principal, runId))
    }).pipe(Effect.provide(elsewhere(run(), false, following(log))))
  })

  it.effect("and that is not heard is never said to be interrupted: the reader comes back for it", () =>
    Effect.gen(function* () {
      const reader = yield* RunReader
      for (const refused of [
        Effect.asVoid(reader.events(principal, runId, 0)),
        Effect.asVoid(reader.cancel(principal, runId)),
      ]) {
        assert.strictEqual((yield* Effect.flip(refused))._tag, "RunElsewhere")
      }
    }).pipe(Effect.provide(elsewhere(run(), false, notHeard))),
  )

  it.effect("and that ends meanwhile is read from the store, to the end that it says", () => {
    const log = new RunLog(runId)
    log.end({ event: "error", data: interruption })
    return Effect.gen(function* () {
      const { run: read, source } = yield* (yield* RunReader).events(principal, runId, 1)
      assert.strictEqual(read.status, "completed")
      const seqs = (yield* given(source, 1)).map(({ event, seq }) => `${seq} ${event.event}`)
      assert.deepStrictEqual(seqs, ["2 message", "3 done"])
    }).pipe(Effect.provide(elsewhere(run(), true, following(log))))
  })

  it.effect("is not ended by this cancel if it had ended without an answer", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* (yield* RunReader).cancel(principal, runId))
    }).pipe(Effect.provide(elsewhere(run(), true, notHeard))),
  )
})
