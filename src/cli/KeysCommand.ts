/**
 * `crossfade keys`: API keys of a running service. Only a new key goes to standard output, so that a script can store
 * it.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { NewKey } from "../api/KeysApi.ts"
import { AgentId, ApiKeyId } from "../domain/Ids.ts"
import { Lifetime, rows, wordsOf } from "./KeysText.ts"
import * as KeysClient from "./KeysClient.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { UsageError } from "./Explained.ts"
import { print, say } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"
import type { Service } from "./ServiceClient.ts"

const service = serviceFlags("keys:read or keys:write")

const decodeAgents = Schema.decodeUnknownEffect(Schema.Array(AgentId))

const asked = Effect.fnUntraced(function* (flags: {
  readonly name: string
  readonly permissions: Option.Option<string>
  readonly agents: Option.Option<string>
  readonly expires: Option.Option<number>
  readonly rate: Option.Option<number>
}) {
  const now = yield* Clock.currentTimeMillis
  const agents = yield* Effect.mapError(
    decodeAgents(wordsOf(Option.getOrElse(flags.agents, () => ""))),
    () => new UsageError({ message: "--agents: expected ids of agents, separated by commas" }),
  )
  const key: NewKey = {
    name: flags.name,
    ...Option.match(flags.permissions, {
      onNone: () => ({}),
      onSome: (text) => ({ permissions: wordsOf(text) }),
    }),
    ...(Option.isNone(flags.agents) ? {} : { agents }),
    ...Option.match(flags.expires, { onNone: () => ({}), onSome: (ms) => ({ expiresAt: now + ms }) }),
    ...Option.match(flags.rate, { onNone: () => ({}), onSome: (ratePerMinute) => ({ ratePerMinute }) }),
  }
  return key
})

const create = Command.make(
  "create",
  {
    ...service,
    name: Flag.String("name").pipe(Flag.withDescription("Name of the key in the list")),
    permissions: Flag.String("permissions").pipe(
      Flag.withDescription(
        "Permissions, separated by commas; you must have them yourself (default: chat:*,sessions:*)",
      ),
      Flag.optional,
    ),
    agents: Flag.String("agents").pipe(
      Flag.withDescription("Ids of the agents that it may use, separated by commas (default: all)"),
      Flag.optional,
    ),
    expires: Flag.String("expires").pipe(
      Flag.withDescription("Lifetime: 30m, 12h, 90d (default: it does not expire)"),
      Flag.withMetavar("TIME"),
      Flag.withSchema(Lifetime),
      Flag.optional,
    ),
    rate: Flag.Int("rate").pipe(
      Flag.withDescription("Turns per minute, in addition to your own and your organisation's limits"),
      Flag.withMetavar("TURNS"),
      Flag.optional,
    ),
  },
  ({ json, profile, token, url, ...given }) =>
    calling(
      { json, profile, token, url },
      Effect.fnUntraced(function* (service) {
        const created = yield* KeysClient.create(service, yield* asked(given))
        if (!json) yield* say(`${created.id} (${created.name}). The key is shown only once:`)
        yield* print(json, created, () => [created.key])
      }),
    ),
).pipe(Command.withDescription("Create a key that acts as you, and print it once."))

const all = (of: Service) =>
  Stream.runCollect(
    Stream.paginate(undefined, (cursor: ApiKeyId | undefined) =>
      Effect.map(
        KeysClient.page(of, cursor),
        ({ keys, nextCursor }) => [keys, Option.fromNullOr(nextCursor)] as const,
      ),
    ),
  )

const list = Command.make("list", service, (flags) =>
  calling(flags, (service) =>
    Effect.flatMap(all(service), (keys) => print(flags.json, keys, (now) => rows(keys, now))),
  ),
).pipe(Command.withDescription("List your keys; with admin:read, those of your organisation."))

const revoke = Command.make(
  "revoke",
  {
    ...service,
    id: Argument.String("id").pipe(
      Argument.withDescription("Id of the key, from the list"),
      Argument.withSchema(ApiKeyId),
    ),
    yes: yesFlag,
  },
  ({ id, yes, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        yield* confirmed(yes, `Revoke the key ${id}. It cannot be undone.`)
        const key = yield* KeysClient.revoke(service, id)
        yield* print(flags.json, key, () => [`${key.id} (${key.name}) is revoked.`])
      }),
    ),
).pipe(Command.withDescription("Revoke a key: within a second every replica rejects it."))

export const keys = Command.make("keys").pipe(
  Command.withDescription("Create, list and revoke API keys of a running service."),
  Command.withSubcommands([create, list, revoke]),
  Command.withExamples([
    {
      command: "crossfade keys create --name nightly-report --permissions chat:* --expires 90d --rate 60",
      description: "With the token in CROSSFADE_TOKEN",
    },
  ]),
)
