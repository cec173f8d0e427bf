/** The contract of every adapter of `CohortRuns` and `Autopilots`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { Rating } from "../../src/domain/Feedback.ts"
import { lowestIdAt, RunId, SessionId } from "../../src/domain/Ids.ts"
import type { Cohort } from "../../src/domain/Cohort.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import type { Attempt, Run } from "../../src/domain/Run.ts"
import { Audit } from "../../src/store/Audit.ts"
import { Autopilots } from "../../src/store/Autopilots.ts"
import { CohortRuns } from "../../src/store/CohortRuns.ts"
import { FeedbackStore } from "../../src/store/FeedbackStore.ts"
import { Runs } from "../../src/store/Runs.ts"
import { start } from "../../src/rollout/AutopilotRules.ts"
import { attempt, completed, newPrincipal, newTurn, noon, type Turn } from "./Turns.ts"

type Stores = Audit | Autopilots | CohortRuns | FeedbackStore | Runs | SqlClient.SqlClient

const minute = 60_000

const keep = Effect.fnUntraced(function* (
  at: number,
  cohort: Cohort | undefined,
  also: {
    readonly end?: Partial<Run>
    readonly attempts?: ReadonlyArray<Attempt>
    readonly repeats?: boolean
    readonly session?: Turn["session"]
  } = {},
) {
  const runs = yield* Runs
  const turn = newTurn(newPrincipal(), { at, ...(also.session && { session: also.session }) })
  const decision = { ...turn.run.decision, ...(cohort && { cohort }) }
  const begun = { ...turn, run: { ...turn.run, decision }, repeats: also.repeats ?? false }
  yield* runs.begin(begun)
  for (const each of also.attempts ?? []) yield* runs.recordAttempt(begun.run.id, each)
  if (also.end !== undefined) {
    yield* runs.end({ ...begun.run, status: "completed", endedAt: at + 1000, ...also.end }, undefined)
  }
  return begun
})

/** As a turn at this time would make it. */
const idAt = (at: number) => lowestIdAt(at).slice(0, 14) + uuidV7Unsafe().slice(14)

/** An answered turn at this time, whose ids sort by it, and its rating. */
const rate = Effect.fnUntraced(function* (
  at: number,
  cohort: Cohort | undefined,
  rating: Rating | null,
  of: { readonly session?: Turn["session"]; readonly owner?: ReturnType<typeof newPrincipal> } = {},
) {
  const runs = yield* Runs
  const owner = of.owner ?? newPrincipal()
  const session = of.session ?? { ...newTurn(owner, { at }).session, id: SessionId.make(idAt(at)) }
  const turn = newTurn(owner, { at, session })
  const runId = RunId.make(idAt(at))
  const decision = { ...turn.run.decision, ...(cohort && { cohort }) }
  const userMessage = { ...turn.userMessage, runId }
  const run = { ...turn.run, id: runId, decision }
  yield* runs.begin({ ...turn, isNewSession: of.session === undefined, run, userMessage })
  const { ended, message } = completed({ ...turn, run, userMessage }, "Hi")
  yield* runs.end(ended, message)
  const put = (given: Rating | null, now = at) =>
    FeedbackStore.use((store) =>
      store.put(owner, message.id, { rating: given, score: 0.5, comment: null }, now),
    )
  yield* put(rating)
  return { owner, session, put, withdraw: FeedbackStore.use((store) => store.withdraw(owner, message.id)) }
})

/** The tests of one database share it: each reads the runs of its own hour. */
const readFrom = (since: number, after = { createdAt: since, runId: "" }, now = since + 30 * minute) =>
  CohortRuns.use((runs) => runs.read({ since, after, now, limit: 3 }))

export const cohortRuns = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`CohortRuns on ${name}`, (it) => {
    it.effect("a run has its user's view: the first content of any attempt, all attempts, no shadow", () =>
      Effect.gen(function* () {
        const at = noon
        const attempts: ReadonlyArray<Attempt> = [
          { ...attempt(1, false), firstContentAt: at + 700 },
          { ...attempt(2, false), firstContentAt: at + 900 },
          { ...attempt(1, true), firstContentAt: at + 5 },
        ]
        const usage = { tokens: 42 }
        const first = yield* keep(at, "treatment", { end: { usage }, attempts, repeats: true })
        yield* keep(at + 1, "control", { end: { status: "cancelled", endedAt: at + 301 } })
        yield* keep(at + 2, "outside", { end: {} })
        yield* keep(at + 3, undefined, { end: {} })
        const { runs } = yield* readFrom(at)
        assert.deepStrictEqual(runs, [
          {
            sessionId: first.session.id,
            cohort: "treatment",
            status: "completed",
            repeats: true,
            attempts: 2,
            firstContentMs: 700,
            totalMs: 1000,
            tokens: 42,
            createdAt: at,
          },
          {
            ...runs[1]!,
            cohort: "control",
            status: "cancelled",
            repeats: false,
            attempts: 0,
            firstContentMs: null,
            totalMs: 300,
            tokens: null,
          },
        ])
      }),
    )

    it.effect("each run is read once, in the order of their starts, page by page", () =>
      Effect.gen(function* () {
        const at = noon + 60 * minute
        const begun: Array<string> = []
        for (let index = 0; index < 7; index++) {
          // Three in one millisecond: the id decides.
          const { session } = yield* keep(at + Math.max(0, index - 2), "control", { end: {} })
          begun.push(session.id)
        }
        const read: Array<string> = []
        let after = { createdAt: at, runId: "" }
        for (let pages = 0; pages < 4; pages++) {
          const { runs, watermark } = yield* readFrom(at, after)
          read.push(...runs.map(({ sessionId }) => sessionId))
          after = watermark
        }
        assert.deepStrictEqual(read.toSorted(), begun.toSorted())
        assert.deepStrictEqual(read.slice(3), begun.slice(3))
        yield* keep(at + 30 * minute, "control", { end: {} })
        assert.strictEqual((yield* readFrom(at, after)).runs.length, 0)
        const later = yield* readFrom(at, after, at + 31 * minute)
        assert.strictEqual(later.runs.length, 1)
        assert.strictEqual((yield* readFrom(at, later.watermark, at + 31 * minute)).runs.length, 0)
      }),
    )

    it.effect("each rating that stands counts once, for the cohort of the run that made the answer", () =>
      Effect.gen(function* () {
        const since = noon + 600 * minute
        const runs = yield* CohortRuns
        const gap = { from: since + 10 * minute, to: since + 11 * minute }
        const read = runs.ratings({ since, gaps: [gap] })
        const none = { sessions: 0, n: 0, y: 0, nn: 0, ny: 0, yy: 0 }
        assert.deepStrictEqual(yield* read, { treatment: none, control: none })
        yield* rate(since - 1, "treatment", "down")
        yield* rate(since, "outside", "down")
        yield* rate(since, undefined, "down")
        yield* rate(since, "treatment", null)
        yield* rate(gap.from, "treatment", "down")
        yield* rate(gap.to, "treatment", "down")
        assert.deepStrictEqual(yield* read, { treatment: none, control: none })
        const first = yield* rate(since, "treatment", "down")
        yield* rate(since + 1, "treatment", "down", first)
        yield* rate(since + 2, "treatment", "up", first)
        yield* rate(since, "treatment", "up")
        // An answer that another mode made in the same session.
        const other = yield* rate(since + 3, "control", "up", first)
        assert.deepStrictEqual(yield* read, {
          treatment: { sessions: 2, n: 4, y: 2, nn: 10, ny: 6, yy: 4 },
          control: { sessions: 1, n: 1, y: 0, nn: 1, ny: 0, yy: 0 },
        })
        yield* other.put("down", since + 5000 * minute)
        assert.deepInclude((yield* read).control, { n: 1, y: 1 })
        yield* first.withdraw
        assert.deepInclude((yield* read).treatment, { sessions: 2, n: 3, y: 1, nn: 5, ny: 2, yy: 1 })
        yield* first.put("down", since + 6000 * minute)
        assert.deepInclude((yield* read).treatment, { sessions: 2, n: 4, y: 2 })
        yield* other.withdraw
        assert.deepStrictEqual((yield* read).control, none)
      }),
    )

    it.effect("no run is read that began after a run that still runs, within the longest run time", () =>
      Effect.gen(function* () {
        const at = noon + 120 * minute
        yield* keep(at - 1, "outside")
        yield* keep(at, "control", { end: {} })
        yield* keep(at + 10, "treatment")
        yield* keep(at + 20, "control", { end: {} })
        const early = yield* readFrom(at, undefined, at + minute)
        assert.strictEqual(early.runs.length, 1)
        const late = yield* readFrom(at, early.watermark, at + 16 * minute)
        assert.deepStrictEqual(
          late.runs.map(({ cohort, status }) => [cohort, status]),
          [
            ["treatment", "failed"],
            ["control", "completed"],
          ],
        )
      }),
    )

    it.effect(
      "only sessions that began in the step are read, and a run that just began is left for later",
      () =>
        Effect.gen(function* () {
          const at = noon + 180 * minute
          const old = yield* keep(at - minute, "control", { end: {} })
          yield* keep(at + 1, "control", { end: {}, session: old.session })
          const own = yield* keep(at + 2, "control", { end: {} })
          yield* keep(at + 5000, "control", { end: {} })
          const { runs } = yield* readFrom(at, undefined, at + 6000)
          assert.deepStrictEqual(
            runs.map(({ sessionId }) => sessionId),
            [own.session.id],
          )
        }),
    )
  })

export const autopilots = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Autopilots on ${name}`, (it) => {
    const by = { orgId: null, userId: "autopilot", requestId: null }
    const change = {
      by,
      at: noon,
      action: "autopilot.test",
      reason: null,
      before: {},
      after: { percentage: 1 },
    }
    const first = {
      state: start(defaultAutopilotPlan, 0, noon),
      samples: { any: ["thing"] },
      watermark: { createdAt: noon, runId: "" },
    }
    const count = Effect.map(
      SqlClient.SqlClient.use((sql) => sql`SELECT id FROM audit`),
      (rows) => rows.length,
    )

    it.effect("the latest is read unchanged, and replaced only by a writer that knows it", () =>
      Effect.gen(function* () {
        const autopilots = yield* Autopilots
        assert.isUndefined(yield* autopilots.latest)
        const audited = yield* count
        const begun = yield* autopilots.begin(first, change)
        assert.deepStrictEqual(yield* autopilots.latest, begun)
        assert.strictEqual(yield* count, audited + 1)
        const second = {
          state: { ...first.state, status: "paused" as const, reason: "\u0000 ' \"" },
          samples: [],
          watermark: { createdAt: noon + 5, runId: "x" },
        }
        const saved = yield* autopilots.save(begun, second)
        assert.deepStrictEqual(saved, { ...second, id: begun.id, version: 2 })
        assert.deepStrictEqual(yield* autopilots.latest, saved)
        assert.strictEqual(yield* count, audited + 1)
        assert.isUndefined(yield* autopilots.save(begun, first, change))
        assert.deepStrictEqual(yield* autopilots.latest, saved)
        assert.strictEqual(yield* count, audited + 1)
        yield* autopilots.save(saved!, second, change)
        assert.strictEqual(yield* count, audited + 2)
        const newer = yield* autopilots.begin(first, change)
        assert.deepStrictEqual(yield* autopilots.latest, newer)
      }),
    )
  })
