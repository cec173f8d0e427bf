/** A direct turn asks its provider while it is stored, over loopback; nothing is shown or recorded before. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stages from "../../src/app/Stages.ts"
import { Chat } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { RunId } from "../../src/domain/Ids.ts"
import { type TurnKey, turnKey } from "../../src/domain/TurnKey.ts"
import { plainRequests } from "../../src/domain/DirectProvider.ts"
import * as DirectExecutor from "../../src/execution/direct/DirectExecutor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { LiveRuns, SessionBusy } from "../../src/runs/LiveRuns.ts"
import { Runs } from "../../src/store/Runs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { TurnKeyTaken } from "../../src/store/TurnKeys.ts"
import { arrival, principal, sessionId } from "../support/fixtures.ts"
import { type Model, startModel } from "../support/modelServer.ts"
import { freePermit } from "./freePermit.ts"
import { temporaryStore } from "./temporaryStore.ts"

const model = Effect.acquireRelease(Effect.promise(startModel), ({ stop }) => Effect.promise(stop))

/** The service with this provider, whose store begins turns as `begin` says. `onEnd` runs when a turn is stored as ended. */
const service = (
  { url }: Model,
  begin: (runs: Runs["Service"]) => Runs["Service"]["begin"],
  onEnd = () => {},
) =>
  Layer.unwrap(Effect.map(Config.read({ CHAT_EXECUTION_MODE: "direct_llm" }), Stages.layer)).pipe(
    Layer.provide(
      Modes.layer([
        DirectExecutor.layer({
          name: "model",
          kind: "openai-compatible",
          baseUrl: url,
          apiKey: Redacted.make("sk-not-a-key"),
          model: "m",
          takesAgentModel: false,
          ...plainRequests,
        }).pipe(Layer.provide(UpstreamHttp.layer)),
      ]),
    ),
    Layer.provide(
      Layer.effect(
        Runs,
        Effect.map(Runs, (runs) =>
          Runs.of({
            ...runs,
            begin: begin(runs),
            end: (...given) => Effect.andThen(Effect.sync(onEnd), runs.end(...given)),
          }),
        ),
      ),
    ),
    Layer.provideMerge(temporaryStore),
  )

const caller = { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit }
const startWith = (key?: TurnKey) =>
  Effect.flatMap(Chat, (chat) => chat.start({ ...caller, key }, { agentId: defaultAgentId, message: "Hi" }))
const start = startWith()

/** Real time passes, because the provider is behind a socket. */
const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    condition()
      ? Effect.void
      : Effect.andThen(
          Effect.promise(() => new Promise((next) => setTimeout(next, 5))),
          until(condition),
        ),
  )

/** Enough turns of Node's loop for a request over loopback. */
const settled = Effect.repeat(
  Effect.promise(() => new Promise((next) => setImmediate(next))),
  { times: 200 },
)

const rows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ readonly runs: number; readonly attempts: number; readonly events: number }>`
    SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM attempts) AS attempts,
      (SELECT count(*) FROM run_events) AS events`
  return found
})

describe("a direct turn that is being stored", () => {
  it.live("has asked its provider, whose whole answer is shown only after the turn is stored", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        const stored = yield* Deferred.make<void>()
        const slow =
          (runs: Runs["Service"]): Runs["Service"]["begin"] =>
          (turn) =>
            Effect.andThen(Deferred.await(stored), runs.begin(turn))
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(start)
          yield* until(() => provider.asked[0]?.closed === true)
          assert.isUndefined(fiber.pollUnsafe())
          assert.deepStrictEqual(yield* rows, { runs: 0, attempts: 0, events: 0 })
          yield* Deferred.succeed(stored, undefined)
          const { log } = yield* Fiber.join(fiber)
          yield* log.whenEnded
          assert.strictEqual(log.read(log.lastSeq - 1)[0]?.event.event, "done")
          assert.deepInclude(yield* rows, { runs: 1, attempts: 1 })
          assert.lengthOf(provider.asked, 1)
        }).pipe(Effect.provide(service(provider, slow)))
      }),
    ),
  )

  it.live.each([
    { by: "the store", refused: new StoreError({ operation: "Runs.begin", cause: "away" }) },
    { by: "a turn of the session on another replica", refused: new SessionBusy({ sessionId }) },
  ])("stops its provider and records nothing if $by refuses it", ({ refused }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        // Longer than the test.
        provider.answers.push({ kind: "text", parts: ["Y"], afterMs: 600_000 })
        let ends = 0
        const refuses = (): Runs["Service"]["begin"] => () =>
          Effect.andThen(
            until(() => provider.asked.length === 1),
            Effect.fail(refused),
          )
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* Effect.flip(start), refused)
          assert.strictEqual(ends, 0)
          yield* until(() => provider.asked[0]?.closed === true)
          assert.strictEqual((yield* LiveRuns).count(), 0)
          assert.deepStrictEqual(yield* rows, { runs: 0, attempts: 0, events: 0 })
        }).pipe(Effect.provide(service(provider, refuses, () => (ends += 1))))
      }),
    ),
  )

  it.live("has its caller as a reader, so that no grace time ends it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        const runId = yield* Deferred.make<RunId>()
        const stored = yield* Deferred.make<void>()
        const slow =
          (runs: Runs["Service"]): Runs["Service"]["begin"] =>
          (turn) =>
            Effect.andThen(
              Effect.andThen(Deferred.succeed(runId, turn.run.id), Deferred.await(stored)),
              runs.begin(turn),
            )
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(start)
          const { isRead } = yield* LiveRuns
          assert.isTrue(yield* Effect.flatMap(Deferred.await(runId), isRead))
          yield* Deferred.succeed(stored, undefined)
          const { run } = yield* Fiber.join(fiber)
          assert.isFalse(yield* isRead(run.id))
        }).pipe(Effect.provide(service(provider, slow)))
      }),
    ),
  )

  it.live("waits for the store if it has an idempotency key, which another replica may store first", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        const taken = new TurnKeyTaken({})
        const refuses = (): Runs["Service"]["begin"] => () => Effect.andThen(settled, Effect.fail(taken))
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* Effect.flip(startWith(turnKey(principal, "start", "key", ["Hi"]))), taken)
          yield* settled
          assert.lengthOf(provider.asked, 0)
        }).pipe(Effect.provide(service(provider, refuses)))
      }),
    ),
  )

  it.live("counts no failure of its provider if it could not be stored", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        provider.answers.push({ kind: "status", status: 500 })
        const refused = new StoreError({ operation: "Runs.begin", cause: "away" })
        const refuses = (): Runs["Service"]["begin"] => () =>
          Effect.andThen(
            until(() => provider.asked[0]?.closed === true),
            Effect.fail(refused),
          )
        yield* Effect.gen(function* () {
          const monitor = yield* Monitor
          const counts = Effect.all([
            monitor.metrics,
            Effect.map(monitor.status, ({ providers }) => providers),
          ])
          const before = yield* counts
          assert.strictEqual(yield* Effect.flip(start), refused)
          assert.deepStrictEqual(yield* counts, before)
          assert.lengthOf(provider.asked, 1)
        }).pipe(Effect.provide(service(provider, refuses)))
      }),
    ),
  )

  it.live("ends its run as cancelled if it is cancelled before it is stored", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* model
        provider.answers.push({ kind: "hang", parts: ["Y"] })
        const stored = yield* Deferred.make<void>()
        const slow =
          (runs: Runs["Service"]): Runs["Service"]["begin"] =>
          (turn) =>
            Effect.andThen(Deferred.await(stored), runs.begin(turn))
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(start)
          yield* until(() => provider.asked.length === 1)
          const cancelling = yield* Effect.forkChild((yield* LiveRuns).cancelAll, { startImmediately: true })
          yield* until(() => provider.asked[0]?.closed === true)
          assert.deepStrictEqual(yield* rows, { runs: 0, attempts: 0, events: 0 })
          yield* Deferred.succeed(stored, undefined)
          const { log } = yield* Fiber.join(fiber)
          yield* Fiber.join(cancelling)
          assert.deepInclude(log.read(log.lastSeq - 1)[0]?.event, { event: "error" })
          assert.deepInclude(yield* rows, { runs: 1, attempts: 1 })
        }).pipe(Effect.provide(service(provider, slow)))
      }),
    ),
  )
})
