/**
 * Prints the reference pages from the code: `docs/reference/configuration.md` from the table in
 * `src/config/Config.ts`, `docs/reference/events.md` from the schemas of Agent2UI, `docs/reference/metrics.md` from
 * the catalogue of metrics, `docs/reference/wires.md` from the table of wire cases, `docs/reference/faults.md` from
 * the checklist of faults, `docs/reference/protocols.md` from the encoders, `docs/reference/cli.md` from the
 * commands, the tables of `docs/reference/providers.md`. Run it with Node 24;
 * `test/docs/Reference.test.ts` compares.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readFileSync, writeFileSync } from "node:fs"
import { Message, messageTypes } from "../src/protocol/agent2ui/Message.ts"
import { isCall, isContent } from "../src/protocol/agent2ui/MessageRole.ts"
import { variables } from "../src/config/Config.ts"
import type { Variable } from "../src/config/ConfigVariable.ts"
import { webhookVariables } from "../src/config/ConfigNotify.ts"
import { providerVariables } from "../src/config/ConfigProviderVariables.ts"
import { plainRequests } from "../src/domain/DirectProvider.ts"
import { type Preset, presets } from "../src/domain/ProviderPreset.ts"
import { headerOf } from "../src/execution/direct/ProviderRequest.ts"
import { RunDone, RunError } from "../src/domain/Run.ts"
import type { Allowed, Labels } from "../src/telemetry/Instrument.ts"
import { all } from "../src/telemetry/Metrics.ts"
import { wireCases } from "../test/wires/cases.ts"
import type { Expected } from "../test/wires/WireCase.ts"
import { commandLine } from "./cli-page.ts"
import { faults } from "./faults-page.ts"
import * as Protocols from "./protocols-page.ts"

/** The part of JSON Schema that this script reads. */
interface Json {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<string>
  readonly anyOf?: ReadonlyArray<Json>
  readonly items?: Json
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: ReadonlyArray<string>
}
type Row = ReadonlyArray<string>

const table = (head: Row, rows: ReadonlyArray<Row>): string =>
  [head, head.map(() => "---"), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n")

const page = (title: string, ...parts: Row): string =>
  [`# ${title}`, "Printed by `scripts/docs-reference.ts`; do not edit.", ...parts].join("\n\n") + "\n"

const code = (text: string): string => `\`${text}\``

const variablesOf = (all: Readonly<Record<string, Variable<unknown>>>, prefix = ""): string => {
  const rows = Object.entries(all).map(([name, it]): Row => {
    return [code(`${prefix}${name}`), it.default === "" ? "empty" : code(it.default), it.allowed, it.about]
  })
  return table(["variable", "default", "allowed", "description"], rows)
}

export const configuration = (): string =>
  page(
    "Configuration",
    variablesOf(variables),
    "## One webhook of NOTIFY_WEBHOOKS",
    "`NAME` is the name in capitals. [Get notified](../how-to/get-notified.md) has an example of each form.",
    variablesOf(webhookVariables, "NOTIFY_<NAME>_"),
  )

const typeOf = (schema: Json): string => {
  if (schema.enum !== undefined) return schema.enum.map((value) => `"${value}"`).join(" | ")
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" | ")
  if (schema.properties !== undefined) return `{ ${fieldsOf(schema).join(", ")} }`
  if (schema.type === "array") return `Array<${typeOf(schema.items ?? {})}>`
  return schema.$ref?.replace("#/$defs/", "") ?? schema.type ?? "any JSON"
}

/** As in TypeScript: an optional field has a `?`. */
const fieldsOf = ({ properties = {}, required = [] }: Json): Row => {
  const mark = (name: string) => (required.includes(name) ? "" : "?")
  return Object.entries(properties).map(([name, type]) => `${name}${mark(name)}: ${typeOf(type)}`)
}

const row = (name: string, schema: Json = {}): Row => [code(name), fieldsOf(schema).map(code).join(", ")]

const definitionsOf = (schema: Schema.Top): Readonly<Record<string, Json>> => {
  const document = Schema.toJsonSchemaDocument(schema)
  return { ...document.definitions, root: document.schema }
}

export const events = (): string => {
  const all = definitionsOf(Message)
  const types = messageTypes.map((type): Row => {
    const gate = isContent(type) ? "answer" : isCall(type) ? "call" : ""
    return [...row(type, all[`Agent2UI_${type}`]?.properties?.["data"]), gate]
  })
  const ends = [row("done", definitionsOf(RunDone)["root"]), row("error", definitionsOf(RunError)["root"])]
  const about =
    "The messages of a stream and their fields. A `?` marks an optional field; `gate` is the role of a type for the commit gate: a part of the answer, or a call. [Errors](errors.md) explains the fields of `done` and `error`."
  const others = table(["other", "fields"], [row("PlanStep", all["PlanStep"]), ...ends])
  const rules = [
    "A run may have several plans. A `plan` updates the plan that its `metadata.planId` names. Without this id, it updates the last plan whose begun steps it still has; it replaces a plan of which nothing has begun; otherwise it is a new plan. A failed step, or a step of an ended plan, does not become `pending` again, so such a plan is new too.",
    "A `plan_step` that ends a step changes the last plan in which the step runs. Any other `plan_step` changes the last plan that has the step.",
    "A result belongs to the last call with its `metadata.callId`; without an id, to the only open call of its name. After a `fallback`, all ids may come again. `metadata.parentCallId` names the sub-agent's call that made a call.",
    "An `error` names its place by `stepId` and `callId`: in the data of the last event, or in the `metadata` of a message. When the run ends, that step has failed. Other running steps did not finish.",
  ]
  const list = rules.map((rule) => `- ${rule}`).join("\n")
  return page(
    "Events",
    about,
    table(["type of message", "`data`", "gate"], types),
    others,
    "## Plans, calls and errors",
    list,
  )
}

const allowedOf = (allowed: Allowed): string =>
  "boundedBy" in allowed ? `by ${allowed.boundedBy}` : allowed.map(code).join(", ")

const labelsOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([label, allowed]) => `${code(label)}: ${allowedOf(allowed)}`)
    .join("; ")

export const metrics = (): string => {
  const rows = all.map(({ boundaries, kind, labels, meaning, name, unit }): Row => {
    const buckets = boundaries === undefined ? "" : `. Buckets up to ${boundaries.join(", ")}`
    return [code(name), kind, unit, labelsOf(labels), `${meaning}${buckets}`]
  })
  const about =
    "All metrics. `GET /metrics` and the OTLP export use the same names ([decision 23](../decisions/0023-metrics.md)). " +
    "Units are those of UCUM: `1` is a count, `By` is bytes. Each value is of one process: sum over `instance`."
  return page("Metrics", about, table(["name", "kind", "unit", "labels", "description"], rows))
}

/** The gateway's own settings for each value of `DIRECT_LLM_<NAME>_KIND`. */
const kinds = (): string => {
  const rows = Object.entries<Preset>(presets).map(([name, { baseUrl, kind, needsKey, requests }]): Row => {
    const asked = { ...plainRequests, ...requests }
    const chat = kind === "openai-compatible" || kind === "sandbox"
    return [
      code(name),
      baseUrl === undefined ? "`_BASE_URL` is required" : code(baseUrl),
      `${code(headerOf({ apiKeyHeader: asked.apiKeyHeader, kind }))}${needsKey ? "" : ", if there is a key"}`,
      chat ? code(asked.maxTokensField) : "the wire's own",
      chat ? (asked.streamUsage ? "requested" : "not requested") : "always sent",
    ]
  })
  return table(["kind", "address", "header of the key", "field of the token limit", "token count"], rows)
}

const partsOf = (): string => {
  const rows = Object.entries<Variable<unknown>>(providerVariables).map(([part, { about, allowed }]): Row => [
    code(`_${part}`),
    allowed,
    about,
  ])
  return table(["variable", "allowed", "description"], rows)
}

/** A hand-written page in which the two tables stand between marks. */
export const providers = (text: string): string =>
  text.replaceAll(
    /(<!-- printed: (\w+) -->).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) =>
      `${begin}\n\n${name === "kinds" ? kinds() : partsOf()}\n\n${end}`,
  )

const endOf = ({ end, finishReason }: Expected): string =>
  finishReason === undefined || finishReason === "stop" ? code(end) : `${code(end)}, ${code(finishReason)}`

const attemptsOf = ({ attempts }: Expected): string =>
  attempts
    .map(([outcome, errorCode]) => (errorCode === null ? outcome : `${outcome} ${code(errorCode)}`))
    .join(", ")

export const protocols = (): string => {
  const about =
    "The frames that each output protocol writes for each event of a run, read from the encoders. Frames that begin or end a stream " +
    "are only in the table of ends. [AG-UI](ag-ui.md), [AI SDK](ai-sdk.md) and [OpenAI](openai.md) explain them."
  const cannot =
    "`left out`: readers do not see the message. `only as text`: its type is lost. `own extension`: `CUSTOM` events and `data-` parts; " +
    "a client shows them only if its application handles them. `ends the stream`: readers see an error, and the session has the answer."
  const { ends, limits, messages } = Protocols
  return page(
    "Protocols",
    about,
    "## Limits of each protocol",
    cannot,
    table(limits.head, limits.rows()),
    "An `interrupt` also ends an AG-UI run with its outcome, and an OpenAI stream with an error: an OpenAI client cannot answer it.",
    "## Messages",
    table(messages.head, messages.rows()),
    "## Ends",
    table(ends.head, ends.rows()),
  )
}

export const wires = (): string => {
  const rows = wireCases.map((one): Row => {
    const second = one.withSecond.secondAsked
      ? `second asked: ${endOf(one.withSecond)}`
      : endOf(one.withSecond)
    return [code(one.id), one.upstream, one.kinds.join(", "), endOf(one.alone), attemptsOf(one.alone), second]
  })
  const about =
    "The end of a turn for each behaviour of an upstream. Each row is a test in `test/wires` with real bytes over a real connection, on " +
    "each kind that it names, with this upstream alone and with a second provider. An end is `done`, with its " +
    "finish reason unless it is `stop`, or the code of the `error` event. Attempts are those at this upstream."
  const head = ["case", "an upstream that …", "kinds", "end alone", "attempts", "end with a second provider"]
  return page("Wires", about, table(head, rows))
}

if (import.meta.main) {
  const folder = new URL("../docs/reference/", import.meta.url)
  writeFileSync(new URL("configuration.md", folder), configuration())
  writeFileSync(new URL("events.md", folder), events())
  writeFileSync(new URL("metrics.md", folder), metrics())
  const page = new URL("providers.md", folder)
  writeFileSync(page, providers(readFileSync(page, "utf8")))
  writeFileSync(new URL("protocols.md", folder), protocols())
  writeFileSync(new URL("wires.md", folder), wires())
  writeFileSync(new URL("faults.md", folder), faults())
  writeFileSync(new URL("cli.md", folder), await Effect.runPromise(commandLine))
}
