/** `crossfade sessions`: the sessions of the token's own user. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { SessionId } from "../domain/Ids.ts"
import { withShownDefault } from "./DefaultFlag.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { refusedBy, requestClient } from "./ChatClient.ts"
import { jsonText, print } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"
import { messageLines, sessionRows } from "./SessionsText.ts"

const sessionArgument = Argument.String("session").pipe(
  Argument.withDescription("Id of the session, from the list"),
  Argument.withSchema(SessionId),
)

const list = Command.make(
  "list",
  {
    ...serviceFlags("chat:read"),
    limit: Flag.Int("limit").pipe(
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
      withShownDefault("Sessions of the page", 50),
    ),
    cursor: Flag.String("cursor").pipe(
      Flag.withDescription("The cursor that the last page printed"),
      Flag.optional,
    ),
    archived: Flag.Boolean("archived").pipe(
      Flag.withDescription("Only archived sessions"),
      Flag.withDefault(false),
    ),
  },
  ({ archived, cursor, limit, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const query = { limit, archived, ...(Option.isSome(cursor) ? { cursor: cursor.value } : {}) }
        const page = yield* Effect.mapError(requestClient(service).sessions(query), refusedBy(service))
        yield* print(flags.json, page, (now) => sessionRows(page.sessions, now))
        if (page.nextCursor !== null && !flags.json)
          yield* Console.error(`There are more: --cursor ${page.nextCursor}`)
      }),
    ),
).pipe(Command.withDescription("List your sessions by their last activity, pinned ones first."))

const show = Command.make(
  "show",
  { ...serviceFlags("chat:read"), session: sessionArgument },
  ({ session, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const found = yield* Effect.mapError(requestClient(service).session(session), refusedBy(service))
        yield* print(flags.json, found, (now) => messageLines(found, now))
      }),
    ),
).pipe(Command.withDescription("Show a session with its messages, the oldest first."))

const rename = Command.make(
  "rename",
  {
    ...serviceFlags("sessions:write"),
    session: sessionArgument,
    title: Argument.String("title").pipe(Argument.withDescription("The new title, at most 80 characters")),
  },
  ({ session, title, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const client = requestClient(service)
        const after = yield* Effect.mapError(client.updateSession(session, { title }), refusedBy(service))
        yield* print(flags.json, after, () => [`${after.id} is now: ${after.title}`])
      }),
    ),
).pipe(Command.withDescription("Give a session another title."))

const remove = Command.make(
  "delete",
  { ...serviceFlags("sessions:write"), session: sessionArgument, yes: yesFlag },
  ({ session, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* confirmed(yes, `Delete the session ${session} with all its messages.`)
        const after = yield* Effect.mapError(
          requestClient(service).deleteSession(session),
          refusedBy(service),
        )
        yield* print(flags.json, after, () => [
          `${session} is deleted. Within the grace time of the service, \`crossfade sessions restore ${session}\` takes it back.`,
        ])
      }),
    ),
).pipe(Command.withDescription("Delete a session; a running answer is cancelled."))

const restore = Command.make(
  "restore",
  { ...serviceFlags("sessions:write"), session: sessionArgument },
  ({ session, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const after = yield* Effect.mapError(
          requestClient(service).restoreSession(session),
          refusedBy(service),
        )
        yield* print(flags.json, after, () => [`${session} is back.`])
      }),
    ),
).pipe(Command.withDescription("Take a deletion back, within the grace time of the service."))

const exportSessions = Command.make(
  "export",
  {
    ...serviceFlags("chat:read"),
    session: sessionArgument.pipe(Argument.optional),
  },
  ({ session, ...flags }) =>
    calling(flags, (service) =>
      requestClient(service)
        .exportSessions(Option.getOrUndefined(session))
        .pipe(
          Stream.mapError(refusedBy(service)),
          Stream.runForEach((line) => Console.log(jsonText(line))),
        ),
    ),
).pipe(
  Command.withDescription(
    "Print one session, or all, as one JSON value a line, unchanged. Fails if the export is not complete.",
  ),
)

export const sessions = Command.make("sessions").pipe(
  Command.withDescription("List, show, rename, delete and export your own sessions."),
  Command.withSubcommands([list, show, rename, remove, restore, exportSessions]),
  Command.withExamples([
    { command: "crossfade sessions export > sessions.ndjson", description: "All your sessions in a file" },
  ]),
)
