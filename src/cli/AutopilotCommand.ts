/** `crossfade autopilot`: the guarded rollout, from its start to its end. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { AutopilotStart, type AutopilotView } from "../api/AutopilotApi.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { endOf, stateLines, summary } from "./AutopilotText.ts"
import { exitCodes } from "./ExitCode.ts"
import { Failed, Refused } from "./Explained.ts"
import * as JsonFile from "./JsonFile.ts"
import { Length } from "./LengthOfTime.ts"
import * as OperatorClient from "./OperatorClient.ts"
import { print, say } from "./Output.ts"
import { reasonFlag, reasonOf } from "./ReasonFlag.ts"
import type { Service } from "./ServiceClient.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const shown = (json: boolean, state: AutopilotView) => print(json, state, (now) => stateLines(state, now))

const start = Command.make(
  "start",
  {
    ...serviceFlags("operator:write"),
    file: Flag.File("file", { mustExist: true }).pipe(
      Flag.withDescription(
        "The plan as JSON: steps, margins, retries, coolDownMs, autoApprove (default: the default plan)",
      ),
      Flag.optional,
    ),
    reason: reasonFlag,
    yes: yesFlag,
  },
  ({ file, reason, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const plan = Option.isSome(file) ? yield* JsonFile.read(file.value, AutopilotStart) : {}
        const steps = plan.steps?.map((step) => `${step.percentage} %`).join(", ") ?? "the default plan"
        yield* confirmed(yes, `Start an autopilot (${steps}): it moves new sessions to the runtime.`)
        const state = yield* OperatorClient.startAutopilot(service, { ...plan, ...reasonOf(reason) })
        yield* shown(flags.json, state)
      }),
    ),
).pipe(Command.withDescription("Start a guarded rollout."))

const noAutopilot = new Refused({
  message: "No autopilot has been started. Start one with `crossfade autopilot start`.",
})

const state = Effect.fnUntraced(function* (service: Service) {
  return (yield* OperatorClient.autopilot(service)) ?? (yield* noAutopilot)
})

const pollEvery = "2 seconds"

/** Prints each change on standard error. A service that does not answer, such as during its restart, is asked again. */
const finalState = (service: Service) => {
  let last = ""
  const news = (line: string) =>
    line === last
      ? Effect.void
      : Effect.andThen(
          Effect.sync(() => {
            last = line
          }),
          say(line),
        )
  return state(service).pipe(
    Effect.tap((found) => news(summary(found))),
    Effect.catchTag("ServiceUnreachable", ({ message }) => Effect.as(news(message), undefined)),
    Effect.repeat({
      schedule: Schedule.spaced(pollEvery),
      until: (found) => found !== undefined && endOf(found.status) !== undefined,
    }),
  )
}

const status = Command.make(
  "status",
  {
    ...serviceFlags("operator:read"),
    watch: Flag.Boolean("watch").pipe(
      Flag.withAlias("w"),
      Flag.withDescription("Wait until the autopilot has ended"),
      Flag.withDefault(false),
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withAlias("t"),
      Flag.withDescription("With --watch: give up after this time, such as 30m or 2h (default: never)"),
      Flag.withMetavar("TIME"),
      Flag.withSchema(Length),
      Flag.optional,
    ),
  },
  ({ timeout, watch, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const waiting = Effect.timeoutOption(
          finalState(service),
          Option.getOrElse(timeout, () => Infinity),
        )
        const ended = watch ? Option.getOrUndefined(yield* waiting) : undefined
        const found = ended ?? (yield* state(service))
        yield* shown(flags.json, found)
        const end = endOf(found.status)
        if (watch && end === undefined)
          return yield* new Refused({ message: "The time is over, and the autopilot has not ended." })
        if (end === "degraded") return yield* new Failed({ code: exitCodes.failed.code })
      }),
    ),
).pipe(
  Command.withDescription(
    "Show the step, the last verdict and the history. Exit code, as in Argo Rollouts: 0 if completed or in progress, 1 if aborted, rolled back, or with --watch not ended in time.",
  ),
)

const steering = (verb: "promote" | "pause" | "resume" | "abort", description: string, question: string) =>
  Command.make(
    verb,
    { ...serviceFlags("operator:write"), reason: reasonFlag, yes: yesFlag },
    ({ reason, yes, ...flags }) =>
      calling(
        flags,
        Effect.fnUntraced(function* (service) {
          const before = yield* state(service)
          yield* confirmed(yes, `${summary(before)}\n${question}`)
          yield* shown(flags.json, yield* OperatorClient.steerAutopilot(service, verb, reasonOf(reason)))
        }),
      ),
  ).pipe(Command.withDescription(description))

export const autopilot = Command.make("autopilot").pipe(
  Command.withDescription(
    "Raise the share of the runtime step by step, guarded by a comparison of both modes.",
  ),
  Command.withSubcommands([
    start,
    status,
    steering(
      "promote",
      "Raise the share past 50 %, when the plan waits for a person.",
      "Promote it past 50 %.",
    ),
    steering("pause", "Pause. The present percentage stays.", "Pause it; the percentage stays."),
    steering(
      "resume",
      "Resume. The step starts again without its earlier data.",
      "Resume it; the step starts again.",
    ),
    steering(
      "abort",
      "Abort, and return to the percentage from before the start.",
      "Abort it. Sessions that are on the runtime stay there.",
    ),
  ]),
  Command.withExamples([
    { command: "crossfade autopilot start --reason 'week 2'", description: "The default plan" },
    {
      command: "crossfade autopilot status --watch --timeout 2h",
      description: "In a script: wait for the end",
    },
  ]),
)
