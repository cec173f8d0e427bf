/** `crossfade agents`: the agents of an organisation. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AgentChange, type AgentView, NewAgent } from "../api/AgentsApi.ts"
import * as AgentsClient from "./AgentsClient.ts"
import { confirmed, yesFlag } from "./Ask.ts"
import { aligned } from "./Columns.ts"
import { printable } from "../domain/PlainText.ts"
import { UsageError } from "./Explained.ts"
import * as JsonFile from "./JsonFile.ts"
import { print } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const stateOf = ({ settings }: AgentView): string => (settings.active ? "active" : "inactive")

const rows = (agents: ReadonlyArray<AgentView>): ReadonlyArray<string> =>
  agents.length === 0
    ? ["There are no agents."]
    : aligned([
        ["ID", "STATE", "MODEL", "TOOLS", "NAME"],
        ...agents.map((agent) => [
          agent.id,
          stateOf(agent),
          agent.settings.model ?? "-",
          String(agent.settings.mcpServers.length + agent.settings.subAgents.length),
          agent.settings.name,
        ]),
      ]).map(printable)

const lines = (agent: AgentView): ReadonlyArray<string> =>
  [
    `${agent.settings.name} (${agent.id}), ${stateOf(agent)}`,
    ...JSON.stringify(agent.settings, null, 2).split("\n"),
  ].map(printable)

const list = Command.make("list", serviceFlags("agents:read"), (flags) =>
  calling(flags, (service) =>
    Effect.flatMap(AgentsClient.list(service), (agents) => print(flags.json, agents, () => rows(agents))),
  ),
).pipe(Command.withDescription("List the agents of your organisation."))

const agentArgument = Argument.String("agent").pipe(Argument.withDescription("Id or name of the agent"))

const show = Command.make(
  "show",
  { ...serviceFlags("agents:read"), agent: agentArgument },
  ({ agent, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        const found = yield* AgentsClient.get(service, yield* AgentsClient.idOf(service, agent))
        yield* print(flags.json, found, () => lines(found))
      }),
    ),
).pipe(Command.withDescription("Show an agent with all its settings, except credentials."))

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const fields = {
  name: text("name", "Name of the agent"),
  prompt: text("prompt", "The system prompt"),
  model: text("model", "The model of both modes"),
  active: Flag.Literals("active", ["true", "false"]).pipe(
    Flag.withDescription("False: the agent takes no turns"),
    Flag.optional,
  ),
  file: Flag.File("file", { mustExist: true }).pipe(
    Flag.withDescription(
      "All settings as JSON, as in the body of POST /api/v1/agents; flags replace its fields",
    ),
    Flag.optional,
  ),
}

interface Fields {
  readonly name: Option.Option<string>
  readonly prompt: Option.Option<string>
  readonly model: Option.Option<string>
  readonly active: Option.Option<"true" | "false">
  readonly file: Option.Option<string>
}

const field = (name: string, value: Option.Option<string | boolean>) =>
  Option.match(value, { onNone: () => ({}), onSome: (found) => ({ [name]: found }) })

const settingsOf = Effect.fnUntraced(function* <A extends object, I>(
  given: Fields,
  schema: Schema.Codec<A, I>,
) {
  const body = {
    ...(Option.isSome(given.file) ? yield* JsonFile.read(given.file.value, schema) : {}),
    ...field("name", given.name),
    ...field("systemPrompt", given.prompt),
    ...field("model", given.model),
    ...field(
      "active",
      Option.map(given.active, (active) => active === "true"),
    ),
  }
  return yield* Effect.mapError(
    Schema.decodeUnknownEffect(schema)(body, { errors: "all" }),
    ({ issue }) => new UsageError({ message: JsonFile.problemText(issue) }),
  )
})

const create = Command.make(
  "create",
  { ...serviceFlags("agents:write"), ...fields },
  ({ json, profile, token, url, ...given }) =>
    calling(
      { json, profile, token, url },
      Effect.fnUntraced(function* (service) {
        const agent = yield* AgentsClient.create(service, yield* settingsOf(given, NewAgent))
        yield* print(json, agent, () => [`Created ${agent.settings.name}: ${agent.id}`])
      }),
    ),
).pipe(Command.withDescription("Create an agent. Only a name is required."))

const set = Command.make(
  "set",
  { ...serviceFlags("agents:write and agents:read"), agent: agentArgument, ...fields, yes: yesFlag },
  ({ agent, json, profile, token, url, yes, ...given }) =>
    calling(
      { json, profile, token, url },
      Effect.fnUntraced(function* (service) {
        const change = yield* settingsOf(given, AgentChange)
        if (Object.keys(change).length === 0)
          return yield* new UsageError({ message: "Give at least one setting, such as --model." })
        const id = yield* AgentsClient.idOf(service, agent)
        yield* confirmed(
          yes,
          `Change ${Object.keys(change).join(", ")} of the agent ${agent}, from the next turn on.`,
        )
        const after = yield* AgentsClient.update(service, id, change)
        yield* print(json, after, () => lines(after))
      }),
    ),
).pipe(Command.withDescription("Change settings of an agent; others stay as they are."))

export const agents = Command.make("agents").pipe(
  Command.withDescription("List, create and change the agents of your organisation."),
  Command.withSubcommands([list, show, create, set]),
)
