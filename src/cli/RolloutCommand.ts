/** `crossfade rollout`: the settings that decide which turns use the runtime. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RolloutDocument } from "../api/RolloutApi.ts"
import { RolloutPatch } from "../domain/RolloutSettings.ts"
import * as Assignments from "./Assignments.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { UsageError } from "./Explained.ts"
import { checkOrgs, forceFlag } from "./KnownOrgs.ts"
import * as OperatorClient from "./OperatorClient.ts"
import { problemText } from "./JsonFile.ts"
import { print, say } from "./Output.ts"
import { reasonFlag, reasonOf } from "./ReasonFlag.ts"
import { differenceLines, differences, notes, ownerLine, ofOperators, settingsLines } from "./RolloutText.ts"
import type { Service } from "./ServiceClient.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const assignments = Argument.String("setting=value").pipe(
  Argument.withDescription(
    "percentage=5, enabledOrgs=acme,other, deniedOrgs+=acme, thresholds.errorRate=0.4; null gives a setting back to the environment",
  ),
)

const decodePatch = Schema.decodeUnknownEffect(RolloutPatch, { errors: "all" })

/** Decoded, and with organisations that exist. */
const changeOf = Effect.fnUntraced(function* (
  service: Service,
  texts: ReadonlyArray<string>,
  document: RolloutDocument,
  force: boolean,
) {
  const given = Assignments.changeOf(texts, document)
  if (given instanceof UsageError) return yield* given
  const change = yield* Effect.mapError(
    decodePatch(given),
    ({ issue }) => new UsageError({ message: problemText(issue) }),
  )
  const already = [...document.enabledOrgs, ...document.deniedOrgs]
  yield* checkOrgs(service, Assignments.addedOrgs(change, document), force, already)
  return change
})

const get = Command.make("get", serviceFlags("operator:read"), (flags) =>
  calling(flags, (service) =>
    Effect.flatMap(OperatorClient.rollout(service), ({ document }) =>
      print(flags.json, document, (now) => settingsLines(document, now)),
    ),
  ),
).pipe(Command.withDescription("Show the settings in force and the source of each."))

const set = Command.make(
  "set",
  {
    ...serviceFlags("operator:write"),
    assignments: assignments.pipe(Argument.atLeast(1)),
    reason: reasonFlag,
    force: forceFlag,
    yes: yesFlag,
  },
  ({ assignments, force, reason, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const { document, etag } = yield* OperatorClient.rollout(service)
        const change = yield* changeOf(service, assignments, document, force)
        const found = differences(document, change)
        const lines = [...differenceLines(found), ...notes(found)]
        const question = lines.length === 0 ? ownerLine(change) : lines.join("\n")
        yield* confirmed(yes, question)
        // The validator excludes a change of someone else since the question.
        const after = yield* OperatorClient.changeRollout(service, { ...change, ...reasonOf(reason) }, etag)
        if (yes && !flags.json) yield* say(question)
        yield* print(flags.json, after, (now) => settingsLines(after, now))
      }),
    ),
).pipe(
  Command.withDescription(
    "Change settings, from the next turn on. Shows the differences and asks first; an older state than the shown one is never overwritten.",
  ),
  Command.withExamples([
    { command: "crossfade rollout set percentage=5 --reason 'week 2'", description: "5 % of new sessions" },
    {
      command: "crossfade rollout set deniedOrgs+=acme --reason 'INC-43'",
      description: "One organisation back to direct mode",
    },
    { command: "crossfade rollout set percentage=null", description: "Back to the environment's value" },
  ]),
)

const diff = Command.make(
  "diff",
  {
    ...serviceFlags("operator:read"),
    assignments: assignments.pipe(Argument.variadic()),
    force: forceFlag,
  },
  ({ assignments, force, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const { document } = yield* OperatorClient.rollout(service)
        const change =
          assignments.length === 0 ? undefined : yield* changeOf(service, assignments, document, force)
        const found = change === undefined ? ofOperators(document) : differences(document, change)
        const none = change === undefined ? "Every setting has the environment's value." : ownerLine(change)
        const lines = [...differenceLines(found), ...(change === undefined ? [] : notes(found))]
        yield* print(flags.json, found, () => (found.length === 0 ? [none] : lines))
      }),
    ),
).pipe(
  Command.withDescription(
    "Show what a change would do, without making it. Without assignments: the values of operators that differ from the environment's.",
  ),
)

export const rollout = Command.make("rollout").pipe(
  Command.withDescription("Read, compare and change the settings that decide which turns use the runtime."),
  Command.withSubcommands([get, set, diff]),
)
