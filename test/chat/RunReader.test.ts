import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type Draft, envelop, type Message } from "../../src/protocol/agent2ui/Message.ts"
import { RunReader } from "../../src/chat/RunReader.ts"
import { eventId } from "../../src/domain/EventId.ts"
import type { RunId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import type { Run } from "../../src/domain/Run.ts"
import { RunNotFound, Runs } from "../../src/store/Runs.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { SharedLogs } from "../../src/sharing/SharedLogs.ts"
import {
  noon,
  otherOrgId,
  planStep,
  principal,
  run,
  runId,
  sessionId,
  table,
  text,
  thinking,
  toolCall,
  toolResult,
} from "../support/fixtures.ts"
import { completed, entriesOf, given, interruption, pageOf, texts } from "./keptRuns.ts"

const interrupted = { status: "interrupted", error: interruption, endedAt: noon + 5 } as const

/** The stored events of a run whose events have expired. */
const forgotten: ReadonlyArray<Draft> = []
const parts: ReadonlyArray<Message> = [text("At the corner."), toolCall("c1"), table, toolResult("c1")].map(
  (draft, index) => envelop(draft, eventId(runId, 2 * index + 1), new Date(noon).toISOString()),
)

/** One run of `principal`'s in the store, with what was written of it before its end or its process's. */
const store = (kept: Run, written: ReadonlyArray<Draft>) =>
  Layer.mock(Runs, {
    get: (who: Principal, id: RunId) =>
      id === kept.id && who.orgId === kept.orgId && who.userId === kept.userId
        ? Effect.succeed({ run: kept, attempts: [] })
        : Effect.fail(new RunNotFound({ runId: id })),
    isOwn: () => Effect.succeed(true),
    events: (_, after) => Effect.succeed(pageOf(entriesOf(written), after)),
    expiredParts: () => Effect.succeed(written === forgotten ? parts : undefined),
  })

const services = (kept: Run, written: ReadonlyArray<Draft> = []) =>
  RunReader.layer.pipe(
    Layer.provide(SharedLogs.layerAlone),
    Layer.provideMerge(LiveRuns.layer({ detachGrace: "1 minute" })),
    Layer.provideMerge(store(kept, written)),
  )

/** seq and name of every event that a reader who has seen `after` gets. */
const replay = (kept: Run, written: ReadonlyArray<Draft>, after: number) =>
  Effect.gen(function* () {
    const { events } = yield* RunReader
    const { source } = yield* events(principal, runId, after)
    return (yield* given(source, after)).map(({ event, seq }) => `${seq} ${event.event}`)
  }).pipe(Effect.provide(services(kept, written)))

describe("the events of a run that has ended", () => {
  it.effect("are the rest after the cursor, with the terminal event last", () =>
    Effect.gen(function* () {
      const kept = run(completed)
      assert.deepStrictEqual(yield* replay(kept, texts(2), 0), ["1 message", "2 message", "3 done"])
      assert.deepStrictEqual(yield* replay(kept, texts(2), 1), ["2 message", "3 done"])
      assert.deepStrictEqual(yield* replay(kept, texts(2), 2), ["3 done"])
      assert.deepStrictEqual(yield* replay(kept, texts(2), 3), [])
      assert.deepStrictEqual(yield* replay(kept, texts(2), 99), [])
      assert.deepStrictEqual(yield* replay(kept, [], 0), ["1 done"])
    }),
  )

  it.effect("are held page by page: the next page is read when it is asked for", () =>
    Effect.gen(function* () {
      const { source } = yield* (yield* RunReader).events(principal, runId, 0)
      assert.lengthOf(yield* source.pages(0), 2)
      assert.lengthOf(yield* given(source, 0), 6)
    }).pipe(Effect.provide(services(run(completed), texts(5)))),
  )

  it.effect("end after all events that a reader has seen, stored or not, if the run's process died", () =>
    Effect.gen(function* () {
      const kept = run(interrupted)
      assert.deepStrictEqual(yield* replay(kept, texts(2), 0), ["1 message", "2 message", "3 error"])
      assert.deepStrictEqual(yield* replay(kept, texts(2), 2), ["3 error"])
      // Two events were sent and never written: the reader is told the end all the same, and after them.
      assert.deepStrictEqual(yield* replay(kept, texts(2), 4), ["5 error"])
      assert.deepStrictEqual(yield* replay(kept, [], 4), ["5 error"])
    }),
  )

  it.effect("end as after a dead process if a running run has no executor", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* replay(run(), texts(1), 0), ["1 message", "2 error"])
      assert.deepStrictEqual(yield* replay(run(), texts(1), 3), ["4 error"])
    }),
  )

  it.effect.prop(
    "end in exactly one terminal event, after the cursor, with no gap and nothing twice",
    {
      written: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
      after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
      how: Schema.Literals(["completed", "interrupted", "running"]),
    },
    ({ after, how, written }) =>
      Effect.gen(function* () {
        const kept = run(how === "completed" ? completed : how === "interrupted" ? interrupted : {})
        const got = (yield* replay(kept, texts(written), after)).map((entry) => entry.split(" "))
        const seqs = got.map(([seq]) => Number(seq))
        const expected = Array.from({ length: Math.max(0, written - after) }, (_, n) => after + 1 + n)
        const end = how === "completed" ? written + 1 : Math.max(written, after) + 1
        assert.deepStrictEqual(seqs, end > after ? [...expected, end] : [])
        const terminals = got.filter(([, event]) => event !== "message")
        assert.lengthOf(terminals, end > after ? 1 : 0)
        if (end > after) assert.notStrictEqual(got.at(-1)?.[1], "message")
      }),
  )
})

describe("a run that is going on", () => {
  it.effect("is read from its live log, not from the store", () =>
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const reader = yield* RunReader
      const log = new RunLog(runId)
      log.message(text("not written yet"), noon)
      yield* live.claim(sessionId, live.start(sessionId, log, Effect.never))
      const { source } = yield* reader.events(principal, runId, 0)
      assert.isTrue(source._tag === "Live" && source.log === log)
      log.message(toolCall("c1"), noon)
      const { chain } = yield* reader.account(principal, runId, { limit: 100 })
      assert.deepStrictEqual(
        chain.map(({ type }) => type),
        ["tool_call"],
      )
    }).pipe(Effect.provide(services(run()))),
  )
})

describe("a run whose events are no longer kept", () => {
  const read = (after: number, kept = run(completed)) =>
    Effect.gen(function* () {
      const { source } = yield* (yield* RunReader).events(principal, runId, after)
      return (yield* given(source, after)).map(({ event, seq }) =>
        event.event === "message" ? `${seq} ${event.data.type}` : `${seq} ${event.event}`,
      )
    }).pipe(Effect.provide(services(kept, forgotten)))

  it.effect("sends its parts and its end from the beginning, and an error from the middle", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read(0), ["1 text", "3 tool_call", "5 table", "7 tool_result", "8 done"])
      assert.deepStrictEqual(yield* read(0, run(interrupted)), [
        "1 text",
        "3 tool_call",
        "5 table",
        "7 tool_result",
        "8 error",
      ])
      assert.deepStrictEqual(yield* read(9), ["10 error"])
    }),
  )
})

describe("the account of a run", () => {
  it.effect("has the chain of the stored parts when the events are no longer kept, page by page", () =>
    Effect.gen(function* () {
      for (const ended of [completed, interrupted]) {
        const { account } = yield* Effect.provide(RunReader, services(run(ended), forgotten))
        const { chain, eventsKept, execution, next, times } = yield* account(principal, runId, { limit: 1 })
        assert.deepStrictEqual(chain, parts.slice(1, 2))
        assert.deepStrictEqual([eventsKept, next], [false, 3])
        assert.deepStrictEqual(
          execution.map(({ endedAt, id, startedAt, status }) => [id, status, startedAt, endedAt]),
          [["c1", "completed", null, null]],
        )
        assert.isNull(times.longestSilenceMs)
        const rest = yield* account(principal, runId, { limit: 1, cursor: 3 })
        assert.deepStrictEqual([rest.chain, rest.eventsKept, rest.next], [parts.slice(3), false, null])
      }
    }),
  )

  it.effect("has no chain, and no events that were deleted, when the run failed before its first event", () =>
    Effect.gen(function* () {
      const { account } = yield* RunReader
      const { chain, eventsKept } = yield* account(principal, runId, { limit: 1 })
      assert.deepStrictEqual([chain, eventsKept], [[], true])
    }).pipe(Effect.provide(services(run(interrupted), []))),
  )

  it.effect("has its chain: plans, steps, calls and changes of mode, in order, and nothing of the text", () =>
    Effect.gen(function* () {
      const { account } = yield* RunReader
      const { chain, status } = yield* account(principal, runId, { limit: 100 })
      assert.strictEqual(status, "completed")
      assert.deepStrictEqual(
        chain.map(({ type }) => type),
        ["plan_step", "tool_call", "retract", "fallback", "plan_step"],
      )
    }).pipe(
      Effect.provide(
        services(run(completed), [
          ...[thinking("hm"), planStep("s1"), text("a"), toolCall("c1"), table],
          { type: "retract", data: { runId, fromSeq: 1, toSeq: 3, reason: "" } },
          { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } },
          ...[text("b"), planStep("s1", "completed")],
        ]),
      ),
    ),
  )
})

describe("fault 18: another user's run", () => {
  it.effect("is not there: neither its events, nor its account, nor its cancel", () =>
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const reader = yield* RunReader
      const log = new RunLog(runId)
      const stranger = { ...principal, orgId: otherOrgId }
      yield* live.claim(sessionId, live.start(sessionId, log, Effect.never))
      const refused = [
        Effect.asVoid(reader.events(stranger, runId, 0)),
        Effect.asVoid(reader.account(stranger, runId, { limit: 100 })),
        Effect.asVoid(reader.cancel(stranger, runId)),
      ]
      for (const attempt of refused) assert.strictEqual((yield* Effect.flip(attempt))._tag, "RunNotFound")
      assert.strictEqual(live.get(runId), log)
    }).pipe(Effect.provide(services(run()))),
  )
})
