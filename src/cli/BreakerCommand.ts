/** `crossfade breaker` and `crossfade override`: the state that decides if turns try the runtime, and its control. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { OrgId } from "../domain/Ids.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { statusLines } from "./BreakerText.ts"
import { Length } from "./LengthOfTime.ts"
import { checkOrgs, forceFlag, orgFlag } from "./KnownOrgs.ts"
import * as OperatorClient from "./OperatorClient.ts"
import { print } from "./Output.ts"
import { reasonFlag, reasonOf, requiredReasonFlag } from "./ReasonFlag.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const status = Command.make("status", serviceFlags("operator:read"), (flags) =>
  calling(flags, (service) =>
    Effect.flatMap(OperatorClient.breaker(service), (status) =>
      print(flags.json, status, (now) => statusLines(status, now)),
    ),
  ),
).pipe(Command.withDescription("Show the state, the reason, the evidence and the last changes."))

const scopeOf = (org: Option.Option<OrgId>): string =>
  Option.match(org, { onNone: () => "all organisations", onSome: (id) => `organisation ${id}` })

const orgIdOf = (org: Option.Option<OrgId>): { readonly orgId?: OrgId } =>
  Option.match(org, { onNone: () => ({}), onSome: (orgId) => ({ orgId }) })

const changing = {
  ...serviceFlags("operator:write"),
  org: orgFlag("One organisation only (default: all)"),
  force: forceFlag,
  yes: yesFlag,
}

const reset = Command.make(
  "reset",
  { ...changing, reason: reasonFlag },
  ({ force, org, reason, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* checkOrgs(service, Option.toArray(org), force)
        yield* confirmed(yes, `Close the breaker of ${scopeOf(org)} now: turns try the runtime again.`)
        const after = yield* OperatorClient.reset(service, { ...orgIdOf(org), ...reasonOf(reason) })
        yield* print(flags.json, after, (now) => statusLines(after, now))
      }),
    ),
).pipe(Command.withDescription("Close the breaker now and clear its evidence. An override stays."))

export const breaker = Command.make("breaker").pipe(
  Command.withDescription("The breaker that moves turns from a failing runtime to direct mode."),
  Command.withSubcommands([status, reset]),
)

const modes = { direct: "direct_llm", runtime: "runtime_orchestrator" } as const

const forced = (name: "direct" | "runtime") =>
  Command.make(
    name,
    {
      ...changing,
      reason: requiredReasonFlag,
      for: Flag.String("for").pipe(
        Flag.withDescription("Ends by itself after this time, such as 30m, 12h or 1d (default: never)"),
        Flag.withMetavar("TIME"),
        Flag.withSchema(Length),
        Flag.optional,
      ),
    },
    ({ for: lifetime, force, org, reason, yes, ...flags }) =>
      calling(
        flags,
        Effect.fnUntraced(function* (service) {
          yield* checkOrgs(service, Option.toArray(org), force)
          yield* confirmed(yes, `All new turns of ${scopeOf(org)} use ${modes[name]}.`)
          const now = yield* Clock.currentTimeMillis
          const expiry = Option.match(lifetime, {
            onNone: () => ({}),
            onSome: (ms) => ({ expiresAt: now + ms }),
          })
          const order = { mode: modes[name], reason, ...orgIdOf(org), ...expiry }
          const after = yield* OperatorClient.override(service, order)
          yield* print(flags.json, after, (now) => statusLines(after, now))
        }),
      ),
  ).pipe(Command.withDescription(`All new turns use ${modes[name]}, whatever the rollout says.`))

const none = Command.make(
  "none",
  { ...changing, reason: requiredReasonFlag },
  ({ force, org, reason, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* checkOrgs(service, Option.toArray(org), force)
        yield* confirmed(yes, `End the override of ${scopeOf(org)}.`)
        const after = yield* OperatorClient.override(service, { mode: "none", reason, ...orgIdOf(org) })
        yield* print(flags.json, after, (now) => statusLines(after, now))
      }),
    ),
).pipe(Command.withDescription("End the override; the rollout and the breaker decide again."))

export const override = Command.make("override").pipe(
  Command.withDescription("Force a mode for all new turns, or for those of one organisation."),
  Command.withSubcommands([forced("direct"), forced("runtime"), none]),
  Command.withExamples([
    {
      command: "crossfade override direct --reason 'INC-42: wrong answers' --for 30m",
      description: "Everything back to direct mode for half an hour",
    },
  ]),
)
