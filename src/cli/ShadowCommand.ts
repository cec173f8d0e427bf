/** `crossfade shadow`: the agreement of both modes on the same turns. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withShownDefault } from "./DefaultFlag.ts"
import { checkReadOrg, orgFlag } from "./KnownOrgs.ts"
import { Length } from "./LengthOfTime.ts"
import * as OperatorClient from "./OperatorClient.ts"
import { print } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"
import { mismatchesLines, reportLines } from "./ShadowText.ts"

const reading = { ...serviceFlags("operator:read"), org: orgFlag("One organisation (default: all)") }

const given = (name: string, value: Option.Option<string | number>): Readonly<Record<string, string>> =>
  Option.match(value, { onNone: () => ({}), onSome: (found) => ({ [name]: String(found) }) })

const report = Command.make(
  "report",
  {
    ...reading,
    agent: Flag.String("agent").pipe(Flag.withDescription("One agent's id (default: all)"), Flag.optional),
    since: Flag.String("since").pipe(
      Flag.withDescription("The age of the oldest pair, such as 12h or 7d (default: all that are stored)"),
      Flag.withMetavar("TIME"),
      Flag.withSchema(Length),
      Flag.optional,
    ),
  },
  ({ agent, org, since, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* checkReadOrg(service, Option.getOrUndefined(org))
        const now = yield* Clock.currentTimeMillis
        const from = Option.map(since, (ms) => now - ms)
        const query = { ...given("orgId", org), ...given("agentId", agent), ...given("since", from) }
        const found = yield* OperatorClient.shadowReport(service, query)
        yield* print(flags.json, found, () => reportLines(found))
      }),
    ),
).pipe(Command.withDescription("Show the agreement by dimension, organisation and agent, and the cost."))

const mismatches = Command.make(
  "mismatches",
  {
    ...reading,
    limit: Flag.Int("limit").pipe(withShownDefault("Pairs of the page", 20)),
    cursor: Flag.String("cursor").pipe(
      Flag.withDescription("The cursor that the last page printed"),
      Flag.optional,
    ),
  },
  ({ cursor, limit, org, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* checkReadOrg(service, Option.getOrUndefined(org))
        const query = { limit: String(limit), ...given("orgId", org), ...given("cursor", cursor) }
        const page = yield* OperatorClient.shadowMismatches(service, query)
        yield* print(flags.json, page, (now) => mismatchesLines(page.mismatches, now))
        if (page.nextCursor !== null && !flags.json)
          yield* Console.error(`There may be older ones: --cursor ${page.nextCursor}`)
      }),
    ),
).pipe(Command.withDescription("List pairs of answers that differ, the newest first."))

export const shadow = Command.make("shadow").pipe(
  Command.withDescription("Compare the answers of both modes to the same turns."),
  Command.withSubcommands([report, mismatches]),
)
