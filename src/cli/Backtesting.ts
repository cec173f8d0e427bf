/**
 * `crossfade simulate --runs`: plays the recorded runs of this environment's store under the policy, optionally with
 * other thresholds. Read-only, and safe while the service writes.
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Config from "../config/Config.ts"
import type * as Triggers from "../monitoring/breaker/Triggers.ts"
import * as Database from "../store/Database.ts"
import { RecordedTurns } from "../store/RecordedTurns.ts"
import * as RecordedTurnsSql from "../store/RecordedTurnsSql.ts"
import { type Answer, Backtest } from "../simulation/Backtest.ts"
import * as Policies from "../simulation/Policies.ts"
import * as Table from "../simulation/Table.ts"
import * as StageSettings from "../app/StageSettings.ts"
import { requireFile } from "./DataFolder.ts"

interface Options {
  readonly policies: ReadonlyArray<Policies.Name>
  readonly sinceMs: number
  readonly thresholds: Partial<Triggers.Thresholds>
  readonly json: boolean
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`

const head = ["policy", "trips", "failed", "needless direct", "needless time", "away"]

const textOf = (answers: ReadonlyArray<readonly [Policies.Name, Answer]>): string => {
  const rows = answers.map(([policy, answer]) => [
    policy,
    String(answer.trips),
    String(answer.failed),
    String(answer.needlessDirect),
    seconds(answer.needlessMs),
    seconds(answer.awayMs),
  ])
  const [, first] = answers[0] ?? []
  if (first === undefined) return ""
  return [
    Table.text(head, rows),
    "",
    `${first.known} turns used the runtime, of which ${first.failedRecorded} failed as it was. ${first.unknown} did not: how the`,
    "runtime would have served them is not known, and they are left out. Direct mode is taken to answer where it was not tried.",
  ].join("\n")
}

const answer = Effect.fnUntraced(function* (options: Options, settings: Config.Settings) {
  const turns = yield* RecordedTurns
  const now = yield* Clock.currentTimeMillis
  const since = now - options.sinceMs
  // The setting decides, not the runtime that is configured here: the recorded service had one.
  const probes = settings.CHAT_RUNTIME_PROBES === "true"
  const health = { ...StageSettings.monitor(settings), ...options.thresholds, probes }
  const tests = options.policies.map(
    (policy) => [policy, new Backtest(Policies.make(policy, health), since, now)] as const,
  )
  yield* Stream.runForEach(turns.since(since), (turn) =>
    Effect.sync(() => {
      for (const [, test] of tests) test.play(turn)
    }),
  )
  return tests.map(([policy, test]) => [policy, test.finish()] as const)
})

export const run = Effect.fnUntraced(function* (options: Options, env: Config.Environment) {
  const settings = yield* Config.read(env)
  if (settings.DATABASE_URL === undefined) yield* requireFile(settings.DATA_DIR, "database")
  const database = Database.layerExisting(StageSettings.database(settings))
  const answers = yield* Effect.provide(
    answer(options, settings),
    RecordedTurnsSql.layerSql.pipe(Layer.provide(database)),
  )
  const data = answers.map(([policy, found]) => ({ policy, ...found }))
  yield* Console.log(options.json ? JSON.stringify(data, null, 2) : textOf(answers))
})
