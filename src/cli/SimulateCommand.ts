/**
 * `crossfade simulate`: shows the fallback policy during a fault, on a virtual clock and with the service's own code.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Health from "../monitoring/Health.ts"
import * as PolicyComparison from "../simulation/PolicyComparison.ts"
import * as Figures from "../simulation/Figures.ts"
import * as Policies from "../simulation/Policies.ts"
import { Scenario } from "../simulation/Scenario.ts"
import * as ScenarioRun from "../simulation/ScenarioRun.ts"
import { scenarios } from "../simulation/Scenarios.ts"
import * as Timeline from "../simulation/Timeline.ts"
import { withShownDefault } from "./DefaultFlag.ts"
import { explained } from "./Explained.ts"
import * as JsonFile from "./JsonFile.ts"
import { jsonFlag, print } from "./Output.ts"
import { Progress } from "./Progress.ts"
import { ThresholdsFile } from "./ThresholdsFile.ts"

export class SimulateRefused extends Schema.TaggedError<SimulateRefused>()("SimulateRefused", {
  flag: Schema.String,
  allowed: Schema.String,
}) {
  override get message(): string {
    return `--${this.flag}: ${this.allowed}`
  }
}

/** The scenarios of `all`: an hour or less, so that all of them together take seconds. */
const isShort = ({ faults, seconds }: Scenario): boolean => faults.length > 0 && seconds <= 3600

const flags = {
  scenario: Flag.String("scenario").pipe(
    Flag.withMetavar("NAME"),
    withShownDefault(
      "Such as hang, flapping or poisoned-org (an unknown name lists them); all plays those of up to an hour",
      "all",
    ),
  ),
  file: Flag.File("file", { mustExist: true }).pipe(
    Flag.withDescription("A scenario of your own (JSON; see docs/how-to/simulate.md)"),
    Flag.optional,
  ),
  runs: Flag.Boolean("runs").pipe(
    Flag.withDescription(
      "Play the recorded runs of this environment's store instead of a scenario; the service may keep running",
    ),
    Flag.withDefault(false),
  ),
  since: Flag.String("since").pipe(
    Flag.withMetavar("TIME"),
    withShownDefault("With --runs: the age of the oldest run, such as 90m, 12h or 7d", "7d"),
  ),
  policy: Flag.Literals("policy", ["all", ...Policies.names]).pipe(
    withShownDefault(
      "The service's policy (ours), one of the references, or all of them side by side",
      "ours",
    ),
  ),
  seeds: Flag.Int("seeds").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
    withShownDefault("Runs of each scenario, each with other random numbers; the same for every policy", 5),
  ),
  thresholds: Flag.File("thresholds", { mustExist: true }).pipe(
    Flag.withDescription(
      "Numbers of the contract to try (JSON: windowMs, minSamples, errorRate, timeoutRate, latencyRatio)",
    ),
    Flag.optional,
  ),
  json: jsonFlag,
  svg: Flag.Path("svg").pipe(
    Flag.withDescription("Draw the first run of the scenario into this file"),
    Flag.withMetavar("FILE"),
    Flag.optional,
  ),
}

const chosen = Effect.fnUntraced(function* (name: string, file: Option.Option<string>) {
  if (Option.isSome(file)) return [yield* JsonFile.read(file.value, Scenario)]
  if (name === "all") return scenarios.filter(isShort)
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return [found]
  const known = ["all", ...scenarios.map((scenario) => scenario.name)].join(", ")
  return yield* new SimulateRefused({ flag: "scenario", allowed: `there is no ${name}; allowed: ${known}` })
})

/** Each run is one step of the progress, and the others wait for it. */
const compare = Effect.fnUntraced(function* (
  scenario: Scenario,
  policy: Policies.Name,
  settings: Health.Settings,
  seeds: number,
  progress: Progress,
) {
  const tallies = yield* Effect.forEach(Array.from({ length: seeds }), (_, seed) =>
    Effect.andThen(
      progress.step(`${scenario.name}, ${policy}`),
      Effect.sync(() => ScenarioRun.run(scenario, Policies.make(policy, settings), seed + 1)),
    ),
  )
  return { scenario: scenario.name, policy, figures: Figures.of(scenario, tallies) }
})

const draw = Effect.fnUntraced(function* (
  file: string,
  played: ReadonlyArray<Scenario>,
  policies: ReadonlyArray<Policies.Name>,
  settings: Health.Settings,
) {
  const [scenario, ...others] = played
  if (scenario === undefined || others.length > 0) {
    return yield* new SimulateRefused({
      flag: "svg",
      allowed: "needs one scenario: add --scenario NAME or --file",
    })
  }
  const panels = policies.map((policy) => ({
    policy,
    tally: ScenarioRun.run(scenario, Policies.make(policy, settings), 1),
  }))
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString(file, Timeline.svg(scenario, panels))
})

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const millisOf = (text: string): Effect.Effect<number, SimulateRefused> => {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  const ms = Number(count) * units[unit as keyof typeof units]
  return ms > 0
    ? Effect.succeed(ms)
    : Effect.fail(
        new SimulateRefused({ flag: "since", allowed: `found ${text}; allowed: such as 90m, 12h, 7d` }),
      )
}

interface Flags {
  readonly scenario: string
  readonly file: Option.Option<string>
  readonly runs: boolean
  readonly since: string
  readonly policy: "all" | Policies.Name
  readonly seeds: number
  readonly thresholds: Option.Option<string>
  readonly json: boolean
  readonly svg: Option.Option<string>
}

const play = Effect.fnUntraced(function* (flags: Flags) {
  const thresholds = Option.isSome(flags.thresholds)
    ? yield* JsonFile.read(flags.thresholds.value, ThresholdsFile)
    : {}
  const policies = flags.policy === "all" ? Policies.names : [flags.policy]
  if (flags.runs) {
    const sinceMs = yield* millisOf(flags.since)
    const { run } = yield* Effect.promise(() => import("./Backtesting.ts"))
    return yield* run({ policies, sinceMs, thresholds, json: flags.json }, process.env)
  }
  const settings = { ...Policies.usual, ...thresholds }
  const played = yield* chosen(flags.scenario, flags.file)
  if (Option.isSome(flags.svg)) yield* draw(flags.svg.value, played, policies, settings)
  const pairs = played.flatMap((scenario) => policies.map((policy) => ({ scenario, policy })))
  const progress = yield* Progress.make(pairs.length * flags.seeds)
  const rows = yield* Effect.forEach(pairs, ({ policy, scenario }) =>
    compare(scenario, policy, settings, flags.seeds, progress),
  ).pipe(Effect.ensuring(progress.clear))
  yield* print(flags.json, PolicyComparison.data(rows), () => [
    PolicyComparison.table(rows),
    "",
    PolicyComparison.legend,
  ])
})

export const simulate = Command.make("simulate", flags, (flags) => explained(play(flags))).pipe(
  Command.withDescription(
    "Simulate faults of the runtime under the fallback policy: time to leave, failed chats, time to recover.",
  ),
  Command.withExamples([
    {
      command: "crossfade simulate --scenario hang --policy all --svg hang.svg",
      description: "A runtime that hangs, under our policy and the references, with a picture",
    },
    {
      command: "crossfade simulate --runs --since 7d --thresholds tried.json",
      description: "The effect of these thresholds in the last week",
    },
    { command: "crossfade simulate --file mine.json --json", description: "A scenario of your own" },
  ]),
)
