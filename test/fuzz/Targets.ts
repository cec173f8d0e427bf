/**
 * The fuzz targets. Each accepts any bytes and throws if they cause a fault. A `Finding` names the broken rule; any
 * other exception is a crash.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { frameOf } from "../../src/protocol/agent2ui/Frame.ts"
import { Message } from "../../src/protocol/agent2ui/Message.ts"
import { Api } from "../../src/api/Api.ts"
import { principalOf } from "../../src/domain/Claims.ts"
import { OrgId, RunId, UserId } from "../../src/domain/Ids.ts"
import { defaults } from "../../src/domain/TokenRules.ts"
import { parseDuration, retryAfterOf } from "../../src/execution/direct/RetryAfter.ts"
import { parseRetryAfter } from "../../src/domain/RetryAfterHeader.ts"
import { cursorOf } from "../../src/http/Cursor.ts"
import { shapeOf } from "../../src/http/JsonScan.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import * as ReadTicket from "../../src/http/ReadTicket.ts"
import { Events } from "../../src/monitoring/fleet/HealthWire.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { hear, type Heard, joined } from "../faults/Decoding.ts"
import { noon, runId } from "../support/fixtures.ts"
import { parseStrict } from "../support/sse.ts"
import { allKinds, type WireKind } from "../wires/Wires.ts"
import { bytesOf, seedsOf } from "./Seeds.ts"

export interface Target {
  readonly name: string
  readonly run: (bytes: Uint8Array) => void | Promise<void>
  /** Valid inputs, from which mutations begin. */
  readonly seeds: () => ReadonlyArray<Uint8Array> | Promise<ReadonlyArray<Uint8Array>>
}

export class Finding extends Error {}

const rule = (holds: boolean, name: string): void => {
  if (!holds) throw new Finding(name)
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const decodeMessage = Schema.decodeUnknownOption(Schema.fromJsonString(Message))

/** More output bytes per input byte would make an attack worthwhile. */
const mostAmplified = 100

/** As a reader gets them: strict SSE of valid UTF-8, each message valid by its schema. */
const assertValid = ({ error, events }: Heard, given: number): void => {
  const log = new RunLog(runId)
  for (const [at, event] of events.entries()) {
    if (event._tag === "Finished") rule(at === events.length - 1, "something after the end")
    else rule(log.message(event.draft, noon), "a message that the log refuses")
  }
  rule(error === undefined || events.at(-1)?._tag !== "Finished", "an end and a failure")
  let written = 0
  for (const entry of log.read(0)) {
    const bytes = Buffer.from(frameOf(runId, entry))
    written += bytes.length
    const [sent, ...more] = parseStrict(bytes)
    rule(sent !== undefined && more.length === 0, "not one SSE event")
    rule(Option.isSome(decodeMessage(sent?.data)), "an event that its schema refuses")
  }
  rule(written <= mostAmplified * given + 10_000, "amplification")
  rule(!("polluted" in {}), "a polluted prototype")
}

/** The first byte chooses the cuts of the others. */
const decoder =
  (kind: WireKind): Target["run"] =>
  (bytes) => {
    const body = bytes.subarray(1)
    const heard = hear(kind, [body])
    assertValid(heard, body.length)
    const size = 1 + ((bytes[0] ?? 0) % 32)
    const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, at) =>
      body.subarray(at * size, (at + 1) * size),
    )
    const cut = hear(kind, pieces)
    assertValid(cut, body.length)
    rule(joined(cut) === joined(heard), "another answer when it is cut")
  }

const payloads: ReadonlyArray<Schema.Codec<unknown>> = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).flatMap(
    ({ payload }) =>
      // The contract's schemas need no services, which the endpoint's type does not express.
      (payload.get("application/json")?.schemas ?? []) as ReadonlyArray<Schema.Codec<unknown>>,
  ),
)
const payloadDecoders = payloads.map((schema) => Schema.decodeUnknownOption(schema, { errors: "all" }))

const jsonOf = (text: string): { readonly json: unknown } | undefined => {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** The edge accepts this depth, so schemas recurse to it. */
const deepest = 64

const requests: Target["run"] = (bytes) => {
  const text = textOf(bytes)
  const parsed = shapeOf(text).depth > deepest ? undefined : jsonOf(text)
  if (parsed === undefined) return
  for (const decode of payloadDecoders) {
    const decoded = decode(parsed.json)
    if (Option.isSome(decoded)) rule(JSON.stringify(decoded.value) !== undefined, "a body without JSON")
  }
}

const depthOf = (json: unknown): number =>
  typeof json === "object" && json !== null ? 1 + Math.max(0, ...Object.values(json).map(depthOf)) : 0

const jsonScan: Target["run"] = (bytes) => {
  const text = textOf(bytes)
  const shape = shapeOf(text)
  const parsed = shape.depth > 500 ? undefined : jsonOf(text)
  rule(shape.entries <= text.length, "more entries than characters")
  if (parsed === undefined) return
  // A repeated key counts once in the value, and twice in the text.
  rule(shape.depth >= depthOf(parsed.json), "deeper than the scan says")
  rule(shapeOf(JSON.stringify(parsed.json)).depth === depthOf(parsed.json), "another depth than the value's")
}

const secret = Redacted.make("only-for-fuzzing-Zq7vX2mK9pLw4RtY8s")
const principal = { orgId: OrgId.make("acme"), userId: UserId.make("ana"), permissions: ["chat:read"] }

/** A changed token may have the same meaning: then it must give the same principal. */
const sameOrRefused = (
  exit: Exit.Exit<{ readonly orgId: string; readonly userId: string }, { readonly _tag: string }>,
): void => {
  if (Exit.isSuccess(exit)) {
    const { orgId, userId } = exit.value
    return rule(orgId === principal.orgId && userId === principal.userId, "another principal")
  }
  const error = Exit.findErrorOption(exit)
  rule(Option.isSome(error) && ["TokenInvalid", "TokenExpired"].includes(error.value._tag), "a defect")
}

const jwt: Target["run"] = async (bytes) => {
  const verified = Jwt.verify({ secrets: [secret], rules: defaults }, textOf(bytes))
  sameOrRefused(await Effect.runPromiseExit(Effect.map(verified, (one) => one.principal)))
}

const ticket: Target["run"] = async (bytes) => {
  const verified = ReadTicket.verify(secret, textOf(bytes), runId)
  sameOrRefused(await Effect.runPromiseExit(Effect.map(verified, (one) => one.principal)))
}

const claims: Target["run"] = (bytes) => {
  const parsed = jsonOf(textOf(bytes))?.json
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return
  const found = principalOf(defaults, Object.fromEntries(Object.entries(parsed)))
  if (typeof found === "string") return
  rule(found.orgId.isWellFormed() && found.orgId.length <= 128, "an organisation of any form")
  rule(
    found.permissions.every((permission) => typeof permission === "string"),
    "a permission that is no text",
  )
}

const cursor: Target["run"] = (bytes) => {
  const text = textOf(bytes)
  for (const ofRun of [undefined, runId]) {
    const found = cursorOf({ headers: { "last-event-id": text }, query: { after: text } }, ofRun)
    if (found === undefined || "problem" in found) continue
    rule(Number.isSafeInteger(found.seq) && found.seq >= 0, "no sequence number")
    rule(Schema.is(RunId)(RunId.make(found.runId)), "no run")
  }
}

const isWait = (ms: number | undefined): boolean => ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)

const retryAfter: Target["run"] = (bytes) => {
  const text = textOf(bytes)
  rule(isWait(parseRetryAfter(text, 1_800_000_000_000)), "Retry-After")
  rule(isWait(parseDuration(text)), "a duration")
  rule(
    isWait(retryAfterOf((name) => (name.includes("remaining") ? "0" : text), undefined, 1_800_000_000_000)),
    "any header",
  )
}

const decodeEvents = Schema.decodeUnknownOption(Events)
const healthWire: Target["run"] = (bytes) => void decodeEvents(textOf(bytes))

const token = () => Effect.runPromise(Jwt.mint(secret, principal, 1))
const aTicket = () => Effect.runPromise(ReadTicket.mint(secret, principal, runId, Number.POSITIVE_INFINITY))

const json = (...values: ReadonlyArray<unknown>): ReadonlyArray<Uint8Array> =>
  values.map((value) => bytesOf(JSON.stringify(value)))

const id = "00000000-0000-4000-8000-000000000001"

export const targets: ReadonlyArray<Target> = [
  ...allKinds.map((kind): Target => ({ name: kind, run: decoder(kind), seeds: () => seedsOf(kind) })),
  {
    name: "requests",
    run: requests,
    seeds: () =>
      json(
        { agentId: id, message: "hello", parentMessageId: null, retry: true },
        {
          name: "a",
          active: true,
          temperature: 0.5,
          mcpServers: [
            { id: "s", name: "s", endpoint: "e", transport: "t", isConnected: true, availableTools: [] },
          ],
        },
        { mode: "none", orgId: "acme", reason: "r", expiresAt: 1 },
        { percentage: 10, enabledOrgs: ["a"], rules: [], steps: [1, 5] },
      ),
  },
  { name: "json-scan", run: jsonScan, seeds: () => json({ a: [1, { b: '"[{,\\' }], c: {} }, [[[]]], "x") },
  { name: "jwt", run: jwt, seeds: async () => [bytesOf(await token())] },
  { name: "ticket", run: ticket, seeds: async () => [bytesOf((await aTicket()).ticket)] },
  {
    name: "claims",
    run: claims,
    seeds: () => json({ sub: "ana", org_id: "acme", permissions: ["*"], scope: "a b" }),
  },
  { name: "cursor", run: cursor, seeds: () => [`${id}:7`, "7", " "].map(bytesOf) },
  {
    name: "retry-after",
    run: retryAfter,
    seeds: () =>
      [
        "120",
        "1.5",
        "6m0s",
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
      ].map(bytesOf),
  },
  {
    name: "health-wire",
    run: healthWire,
    seeds: () => json({ t: 1, o: ["acme"], e: [0, 1, 2, 0, 3, 1, 2, 3], c: [0] }),
  },
]
