/**
 * The faults of a sandbox server, switched over HTTP: `GET` and `POST /sandbox/faults`. The console on another port
 * calls these routes, so they answer to every origin; they bind to loopback and hold nothing secret.
 *
 * Invariant: the control routes answer under every fault, so that a broken server can be fixed. A change affects
 * running streams from their next event on; `down` ends them at once.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { type Exchange, pathOf, readBody, respond, respondJson } from "./Loopback.ts"

/**
 * - `down`: connections are destroyed at once
 * - `hang`: headers, then only pings
 * - `slow`: twenty times slower
 * - `error-rate`: a share `rate` of the executions fails
 * - `error-text`: executions of the runtime fail and report it as the text of an answer; the model answers
 * - `cut`: the connection is destroyed in the middle of the event after `afterEvents` events
 * - `garbage`: from there on, an undecodable line before each event
 */
const faultNames = ["none", "down", "hang", "slow", "error-rate", "error-text", "cut", "garbage"] as const
type FaultName = (typeof faultNames)[number]

export interface Fault {
  readonly fault: FaultName
  /** Share of executions that fail, 0 to 1; for `error-rate`. */
  readonly rate: number
  /** Number of correct events before the fault; for `cut` and `garbage`. */
  readonly afterEvents: number
}

/** Three events: the runtime has shown a plan and called nothing yet, the model has sent its first words. */
const none: Fault = { fault: "none", rate: 0.5, afterEvents: 3 }

/** The factor of `slow`. */
export const slowFactor = 20

class FaultInvalid extends Schema.TaggedError<FaultInvalid>()("FaultInvalid", {
  field: Schema.String,
  allowed: Schema.String,
}) {
  override get message(): string {
    return `${this.field}: allowed: ${this.allowed}`
  }
}

const Body = Schema.fromJsonString(
  Schema.Struct({
    fault: Schema.Literals(faultNames),
    rate: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
    afterEvents: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))),
  }),
)

const allowed: Readonly<Record<string, string>> = {
  fault: faultNames.join(" | "),
  rate: "a number from 0 to 1",
  afterEvents: "a whole number from 0 to 10000",
  body: "a JSON object with fault and, optionally, rate and afterEvents",
}

const problems = SchemaIssue.makeFormatterStandardSchemaV1()

const invalid = (issue: SchemaIssue.Issue): FaultInvalid => {
  const segment = problems(issue).issues[0]?.path?.[0] ?? "body"
  const field = String(typeof segment === "object" ? segment.key : segment)
  return new FaultInvalid({ field, allowed: allowed[field] ?? "only fault, rate and afterEvents" })
}

/** Reads the body of a `POST /sandbox/faults`. */
const decode = (text: string): Effect.Effect<Fault, FaultInvalid> =>
  Schema.decodeEffect(Body)(text, { onExcessProperty: "error" }).pipe(
    Effect.map((body) => ({ ...none, ...body })),
    Effect.mapError((error) => invalid(error.issue)),
  )

export interface Faults {
  readonly current: Effect.Effect<Fault>
  /** Completes when the server goes down; at once if it is down already. */
  readonly down: Effect.Effect<void>
  readonly set: (fault: Fault) => Effect.Effect<void>
}

export const make: Effect.Effect<Faults> = SubscriptionRef.make(none).pipe(
  Effect.map((ref) => ({
    current: SubscriptionRef.get(ref),
    down: SubscriptionRef.changes(ref).pipe(
      Stream.filter((setting) => setting.fault === "down"),
      Stream.take(1),
      Stream.runDrain,
    ),
    set: (fault) => SubscriptionRef.set(ref, fault),
  })),
)

const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
  "Access-Control-Allow-Headers": "Content-Type",
  "Access-Control-Max-Age": "600",
}

const change = (faults: Faults, exchange: Exchange) =>
  readBody(exchange).pipe(
    Effect.flatMap(decode),
    Effect.tap((fault) => faults.set(fault)),
    Effect.flatMap((fault) => respondJson(exchange, 200, fault, cors)),
    Effect.catchTags({
      FaultInvalid: ({ field, message, allowed }) =>
        respondJson(exchange, 400, { error: message, field, allowed }, cors),
      BodyUnreadable: ({ message }) => respondJson(exchange, 400, { error: message }, cors),
    }),
  )

const control = (faults: Faults, exchange: Exchange): Effect.Effect<void> => {
  switch (exchange.request.method) {
    case "OPTIONS":
      return respond(exchange, 204, cors, "")
    case "GET":
      return Effect.flatMap(faults.current, (fault) => respondJson(exchange, 200, fault, cors))
    case "POST":
      return change(faults, exchange)
    default:
      return respondJson(
        exchange,
        405,
        { error: "allowed: GET, POST" },
        { ...cors, Allow: "GET, POST, OPTIONS" },
      )
  }
}

/** Wraps a server's handler: adds the control routes, and destroys the connection while the server is down. */
export const breakable =
  (faults: Faults, handle: (exchange: Exchange) => Effect.Effect<void>) =>
  (exchange: Exchange): Effect.Effect<void> => {
    if (pathOf(exchange) === "/sandbox/faults") return control(faults, exchange)
    const destroy = Effect.sync(() => exchange.response.destroy())
    return Effect.flatMap(faults.current, ({ fault }) =>
      fault === "down" ? destroy : Effect.raceFirst(handle(exchange), Effect.andThen(faults.down, destroy)),
    )
  }
