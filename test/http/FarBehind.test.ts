import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Source } from "../../src/chat/RunReader.ts"
import type { Pages } from "../../src/store/RunPages.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import type { RunLog } from "../../src/runs/RunLog.ts"
import { runId, text } from "../support/fixtures.ts"
import { done, logOf, read, test } from "./streams.ts"

describe("a reader that is far behind a long live run", () => {
  /** A log of 1000 events of 1 kB that has forgotten all but the newest; `pages` stands for the store. */
  const far = (pages: (all: ReadonlyArray<LogEntry>) => Pages): { log: RunLog; source: Source } => {
    const log = logOf(...Array.from({ length: 1000 }, () => text("x".repeat(1000))))
    const all = log.read(0)
    log.stored(1000)
    log.end(done)
    return { log, source: { _tag: "Live", log, attach: Effect.void, pages: pages(all) } }
  }

  test(
    "gets what the log has forgotten from the store, and the rest from the log",
    Effect.gen(function* () {
      const { log, source } = far((all) => (after) => Effect.succeed(all.slice(after, after + 50)))
      assert.isFalse(log.holds(900))
      const ids = (yield* read(source, { after: 10 })).map(({ id }) => Number(id?.split(":")[1]))
      assert.deepStrictEqual(
        ids,
        Array.from({ length: 991 }, (_, n) => n + 11),
      )
    }),
  )

  test(
    "is told to read on from its last event when the store does not give it more",
    Effect.gen(function* () {
      const { source } = far((all) => (after) => {
        if (after < 100) return Effect.succeed(all.slice(after, after + 50))
        return Effect.fail(new StoreError({ operation: "Runs.events", cause: "down" }))
      })
      const events = yield* read(source)
      assert.lengthOf(events, 101)
      assert.deepInclude(events.at(-1), { id: `${runId}:100`, event: "error" })
      assert.strictEqual(JSON.parse(events.at(-1)?.data ?? "").code, "EVENTS_UNAVAILABLE")
    }),
  )
})
