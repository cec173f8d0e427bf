/** `crossfade runs`: the runs of users of a running service. Each call is in the service's audit. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RunsQuery } from "../api/OperatorRunsApi.ts"
import { RunId } from "../domain/Ids.ts"
import * as RunsClient from "./RunsClient.ts"
import { account, rows } from "./RunsText.ts"
import { UsageError } from "./Explained.ts"
import { checkReadOrg } from "./KnownOrgs.ts"
import { problemText } from "./JsonFile.ts"
import { print } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const encodeCursor = (query: RunsQuery) => Effect.orDie(Schema.encodeEffect(RunsQuery)(query))
const decodeQuery = Schema.decodeUnknownEffect(RunsQuery)

const filter = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const filters = {
  org: filter("org", "An organisation (default: all that the token may see)"),
  user: filter("user", "A user"),
  session: filter("session", "A session's id"),
  agent: filter("agent", "An agent's id"),
  mode: filter("mode", "runtime_orchestrator or direct_llm"),
  status: filter("status", "running, completed, failed, cancelled or interrupted"),
  code: filter("code", "The code of an error"),
  reason: filter("reason", "The reason of the decision"),
  traceId: filter("trace", "The trace id of a log line"),
  feedback: filter("feedback", "up, down or any"),
  limit: filter("limit", "Runs of the page (default: 50)"),
  cursor: filter("cursor", "The cursor that the last page printed"),
}

const list = Command.make(
  "list",
  { ...serviceFlags("admin:read or operator:read"), ...filters },
  ({ json, profile, token, url, ...given }) =>
    calling(
      { json, profile, token, url },
      Effect.fnUntraced(function* (service) {
        const asked = Object.entries(given).flatMap(([name, value]) =>
          Option.isSome(value) ? [[name, value.value] as const] : [],
        )
        const query = yield* Effect.mapError(
          decodeQuery(Object.fromEntries(asked)),
          ({ issue }) => new UsageError({ message: problemText(issue) }),
        )
        yield* checkReadOrg(service, query.org)
        const { nextCursor, runs } = yield* RunsClient.page(service, query)
        const cursor = nextCursor === null ? null : (yield* encodeCursor({ cursor: nextCursor })).cursor
        yield* print(json, { runs, nextCursor: cursor }, (now) => rows(runs, now))
        if (cursor !== null && !json) yield* Console.error(`There may be older ones: --cursor ${cursor}`)
      }),
    ),
).pipe(Command.withDescription("List the newest runs that match all filters, without the texts of users."))

const show = Command.make(
  "show",
  {
    ...serviceFlags("admin:read or operator:read"),
    id: Argument.String("id").pipe(
      Argument.withDescription("Id of the run, from the list or the log"),
      Argument.withSchema(RunId),
    ),
    content: Flag.Boolean("content").pipe(
      Flag.withDescription("With the texts; needs admin:content or operator:content"),
      Flag.withDefault(false),
    ),
  },
  ({ content, id, ...flags }) =>
    calling(flags, (service) =>
      Effect.flatMap(RunsClient.show(service, id, content), (run) =>
        print(flags.json, run, (now) => account(run, now)),
      ),
    ),
).pipe(Command.withDescription("Show what happened in a run: decision, attempts, times, rating."))

export const runs = Command.make("runs").pipe(
  Command.withDescription("Look at the runs of users of a running service."),
  Command.withSubcommands([list, show]),
  Command.withExamples([
    {
      command: "crossfade runs list --user ana --feedback down",
      description: "With the token in CROSSFADE_TOKEN",
    },
  ]),
)
