/** All routes behind one edge: those of the contract and the web pages. */
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { Api } from "../api/Api.ts"
import type { Readiness } from "../api/HealthApi.ts"
import type { Places } from "../domain/WebPage.ts"
import type { ProtocolDefaults } from "../domain/ProtocolDefaults.ts"
import * as AgentsHandlers from "./AgentsHandlers.ts"
import * as AutopilotHandlers from "./AutopilotHandlers.ts"
import * as Authentication from "./Authentication.ts"
import { type AuthSettings, Callers } from "./Callers.ts"
import * as AgUiHandlers from "./AgUiHandlers.ts"
import * as AiSdkHandlers from "./AiSdkHandlers.ts"
import * as ChatHandlers from "./ChatHandlers.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { ChatTurns } from "./ChatTurns.ts"
import * as ConsoleHandlers from "./ConsoleHandlers.ts"
import * as DeletionHandlers from "./DeletionHandlers.ts"
import * as Edge from "./Edge.ts"
import * as FilesHandlers from "./FilesHandlers.ts"
import * as FeedbackHandlers from "./FeedbackHandlers.ts"
import * as HealthHandlers from "./HealthHandlers.ts"
import * as KeysHandlers from "./KeysHandlers.ts"
import * as MeHandlers from "./MeHandlers.ts"
import * as MessagesHandlers from "./MessagesHandlers.ts"
import * as NotificationsHandlers from "./NotificationsHandlers.ts"
import * as OpenAiHandlers from "./OpenAiHandlers.ts"
import * as OperatorRunsHandlers from "./OperatorRunsHandlers.ts"
import * as SearchHandlers from "./SearchHandlers.ts"
import * as WebPages from "./WebPages.ts"
import * as RolloutHandlers from "./RolloutHandlers.ts"
import * as RuntimeHandlers from "./RuntimeHandlers.ts"
import * as SessionsHandlers from "./SessionsHandlers.ts"
import * as ShadowHandlers from "./ShadowHandlers.ts"
import * as PlainTurns from "./PlainTurns.ts"
import * as Validation from "./Validation.ts"

export interface ServerSettings {
  readonly auth: AuthSettings
  readonly console: ConsoleHandlers.ConsoleFacts
  readonly heartbeatMs: number
  readonly places: Places
  readonly protocols: ProtocolDefaults
  readonly sandbox: (typeof Readiness.Type)["sandbox"]
}

const routes = (settings: ServerSettings) => {
  const handlers = Layer.mergeAll(
    ChatHandlers.layer,
    SearchHandlers.layer,
    FeedbackHandlers.layer,
    SessionsHandlers.layer,
    MessagesHandlers.layer,
    OpenAiHandlers.layer(settings),
    AiSdkHandlers.layer,
    AgUiHandlers.layer,
    DeletionHandlers.layer,
    FilesHandlers.layer,
    AgentsHandlers.layer,
    KeysHandlers.layer,
    RuntimeHandlers.layer,
    AutopilotHandlers.layer,
    NotificationsHandlers.layer,
    ShadowHandlers.layer,
    RolloutHandlers.layer,
    OperatorRunsHandlers.layer,
    MeHandlers.layer,
    HealthHandlers.layer(settings.sandbox),
    ConsoleHandlers.layer(settings.console),
  )
  const api = HttpApiBuilder.layer(Api).pipe(
    Layer.provide(handlers),
    Layer.provide([Authentication.layer, Validation.layer]),
  )
  // The edge first: it is outside.
  const edge = Layer.provideMerge(PlainTurns.layer, Edge.layer(settings.places))
  return Layer.mergeAll(edge, api, WebPages.layer(settings.places, settings.sandbox)).pipe(
    Layer.provide(ChatTurns.layer),
    Layer.provide([ChatStreams.layer(settings), Callers.layer(settings.auth)]),
  )
}

/** Paths are compared exactly, because a proxy that hides `/metrics` knows only this spelling. */
const routerConfig = {
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false,
  // An organisation's id has up to 200 characters, each up to 9 when encoded.
  maxParamLength: 2000,
}

export const layer = (settings: ServerSettings) =>
  HttpRouter.serve(routes(settings), { disableListenLog: true, disableLogger: true, routerConfig })
