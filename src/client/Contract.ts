/**
 * The types of the HTTP contract as a client sees them: JSON, so ids are plain strings. They derive from the schemas of the
 * gateway, so a change of the contract that the client does not know fails the type check.
 */
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type * as Schema from "effect/Schema"
import type { ChatApi } from "../api/ChatApi.ts"
import type { FileView } from "../api/FilesApi.ts"
import type { RunEvent } from "../runs/RunEvent.ts"

/** The schema under a codec to JSON. The type of the codec itself is only JSON. */
type Source<Codec> = Codec extends { readonly schema: infer From extends Schema.Constraint } ? From : never

type Endpoint<Name extends string> = HttpApiEndpoint.WithIdentifier<
  HttpApiGroup.Endpoints<typeof ChatApi>,
  Name
>

/** The body of a request. */
export type Body<Name extends string> = Source<HttpApiEndpoint.Payload<Endpoint<Name>>>["Encoded"]

/** The `data` of a JSON response. */
export type Data<Name extends string> = Source<HttpApiEndpoint.Success<Endpoint<Name>>>["Encoded"] extends {
  readonly data: infer Value
}
  ? Value
  : never

/** The place of an event: `seq` rises by 1 within a run. */
interface Place {
  readonly runId: string
  readonly sessionId: string
  readonly seq: number
}

/** The response to a turn has begun. Its `seq` is the reader's cursor: 0 unless the reader resumes. */
export interface Opened extends Place {
  readonly event: "open"
  /** `executionMode` is the mode that was decided; `done` names the mode that answered. */
  readonly data: { readonly executionMode: string }
}

/** One event of a run. The last one is `done` or `error`. */
export type ChatEvent = Opened | (Place & typeof RunEvent.Encoded)

export type Message = Extract<ChatEvent, { readonly event: "message" }>["data"]
export type RunDone = Extract<ChatEvent, { readonly event: "done" }>["data"]
export type RunError = Extract<ChatEvent, { readonly event: "error" }>["data"]

/** The message of one type. */
export type MessageOf<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

export type InterruptAnswer = NonNullable<Body<"resume">["answers"]>[number]

export type Session = Data<"session">
export type SessionsPage = Data<"sessions">
export type Run = Data<"run">
export type UploadedFile = typeof FileView.Encoded

/** The path of a route, with its parameters as `:name`. */
export type Path<Name extends string> = Endpoint<Name>["path"]
