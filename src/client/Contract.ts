/**
 * The types of the HTTP contract as a client sees them: JSON, so ids are plain strings. They derive from the schemas of the
 * gateway, so a change of the contract that the client does not know fails the type check.
 */
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type * as Schema from "effect/Schema"
import type { ChatApi } from "../api/ChatApi.ts"
import type { DeletionApi } from "../api/DeletionApi.ts"
import type { ExportLine as Line } from "../api/ExportLine.ts"
import type { SessionsApi } from "../api/SessionsApi.ts"
import type { FileView, Uploaded as UploadedFiles } from "../api/FilesApi.ts"
import type { MessagesApi } from "../api/MessagesApi.ts"
import type { FeedbackApi } from "../api/FeedbackApi.ts"
import type { SearchApi } from "../api/SearchApi.ts"
import type { RunEvent } from "../runs/RunEvent.ts"

/** The schema under a codec to JSON. The type of the codec itself is only JSON. */
type Source<Codec> = Codec extends { readonly schema: infer From extends Schema.Constraint } ? From : never

type Chat = typeof ChatApi | typeof DeletionApi | typeof MessagesApi | typeof SearchApi
type Groups = Chat | typeof SessionsApi

/** The groups of routes have equal names for some routes, so a name belongs to a group. */
type Endpoint<Name extends string, Group extends Groups = Chat> = HttpApiEndpoint.WithIdentifier<
  HttpApiGroup.Endpoints<Group>,
  Name
>

/** The body of a request. */
export type Body<Name extends string, Group extends Groups = Chat> = Source<
  HttpApiEndpoint.Payload<Endpoint<Name, Group>>
>["Encoded"]

/** The `data` of a JSON response. */
export type Data<Name extends string, Group extends Groups = Chat> = Source<
  HttpApiEndpoint.Success<Endpoint<Name, Group>>
>["Encoded"] extends {
  readonly data: infer Value
}
  ? Value
  : never

type FeedbackEndpoint<Name extends string> = HttpApiEndpoint.WithIdentifier<
  HttpApiGroup.Endpoints<typeof FeedbackApi>,
  Name
>

/** The fields of a rating: at least one. */
export type GivenFeedback = Source<HttpApiEndpoint.Payload<FeedbackEndpoint<"put">>>["Encoded"]

export type Feedback = Source<HttpApiEndpoint.Success<FeedbackEndpoint<"put">>>["Encoded"]["data"]["feedback"]

export type Withdrawn = Source<HttpApiEndpoint.Success<FeedbackEndpoint<"withdraw">>>["Encoded"]["data"]

export type FeedbackPath = FeedbackEndpoint<"put">["path"]

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

/** A message with its siblings and the end of its newest branch. */
export type PlacedMessage = Data<"message">
export type Session = Data<"session">
export type SessionsPage = Data<"sessions">
export type Run = Data<"run">
/** The first file, and all files of the upload. */
export type Uploaded = typeof UploadedFiles.Encoded
export type UploadedFile = typeof FileView.Encoded
export type SearchPage = Data<"search">

type Sessions = typeof SessionsApi

export type SessionOverview = SessionsPage["sessions"][number]
export type SessionChanges = Body<"update", Sessions>
export type SessionCounts = Data<"counts", Sessions>
export type SessionCancelled = Data<"cancel", Sessions>
export type RunsPage = Data<"runs", Sessions>
export type SessionsPath<Name extends string> = Path<Name, Sessions>
export type ExportLine = (typeof Line)["Encoded"]

/** The path of a route, with its parameters as `:name`. */
export type Path<Name extends string, Group extends Groups = Chat> = Endpoint<Name, Group>["path"]
