/** What the service is: every layer, from the outside in. The only file that sees everything and closes requirements. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { Chat } from "./chat/Chat.ts"
import { RunReader } from "./chat/RunReader.ts"
import { TurnRun } from "./chat/TurnRun.ts"
import type { Settings } from "./Config.ts"
import { ModeService } from "./decision/ModeService.ts"
import * as DirectExecutor from "./execution/direct/DirectExecutor.ts"
import { Execution } from "./execution/Execution.ts"
import { Modes } from "./execution/Modes.ts"
import * as RuntimeExecutor from "./execution/runtime/RuntimeExecutor.ts"
import { RuntimeFiles } from "./execution/runtime/RuntimeFiles.ts"
import { RuntimeHealth } from "./execution/runtime/RuntimeHealth.ts"
import { Shadow } from "./execution/Shadow.ts"
import * as Server from "./http/Server.ts"
import { SigningSecret } from "./http/SigningSecret.ts"
import { Monitor } from "./monitoring/Monitor.ts"
import * as Database from "./persistence/Database.ts"
import * as AgentsSql from "./recording/AgentsSql.ts"
import { Recorder } from "./recording/Recorder.ts"
import { Runs } from "./recording/Runs.ts"
import * as RunsSql from "./recording/RunsSql.ts"
import * as SessionsSql from "./recording/SessionsSql.ts"
import { StoreHealth } from "./recording/StoreHealth.ts"
import { LiveRuns } from "./runs/LiveRuns.ts"
import * as StageSettings from "./StageSettings.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"

/** Runs that the last process left behind are ended before the first request comes. */
const recovery = Layer.effectDiscard(
  Effect.gen(function* () {
    const runs = yield* Runs
    const count = yield* runs.interruptRunning(yield* Clock.currentTimeMillis)
    if (count > 0) yield* Effect.logWarning(`${count} runs of the last process were marked as interrupted`)
  }),
)

/** The targets of both modes, first choice first. A test gives its own. */
export const modes = (settings: Settings) =>
  Modes.layer([
    ...StageSettings.runtimes(settings).map(RuntimeExecutor.layer),
    ...StageSettings.providers(settings).map(DirectExecutor.layer),
  ])

/** The stages of a turn over their store; open for the store, the modes and the platform. */
export const service = (settings: Settings) => {
  const store = Layer.mergeAll(AgentsSql.layerSql, RunsSql.layerSql, SessionsSql.layerSql, StoreHealth.layer)
  const turns = Layer.mergeAll(Chat.layer, RunReader.layer).pipe(
    Layer.provideMerge(TurnRun.layer),
    Layer.provideMerge(Shadow.layer),
    Layer.provideMerge(Execution.layer(StageSettings.execution(settings))),
    Layer.provideMerge(ModeService.layer(StageSettings.rollout(settings))),
    Layer.provideMerge(Recorder.layer),
  )
  return Layer.mergeAll(turns, recovery).pipe(
    Layer.provideMerge(Monitor.layer(StageSettings.monitor(settings))),
    Layer.provideMerge(LiveRuns.layer({ detachGrace: settings.CHAT_DETACH_GRACE_MS })),
    Layer.provideMerge(store),
    Layer.provideMerge(RuntimeFiles.layer(settings.RUNTIME_SERVICE_URL)),
    Layer.provideMerge(RuntimeHealth.layer(settings.RUNTIME_SERVICE_URL)),
  )
}

/** The whole service. `sandbox`: where the sandbox listens, when the settings' upstreams are it. */
export const layer = (settings: Settings, sandbox?: Server.ServerSettings["sandbox"]) =>
  HttpRouter.serve(Server.routes({ heartbeatMs: settings.SSE_HEARTBEAT_INTERVAL_MS, sandbox }), {
    disableListenLog: true,
    disableLogger: true,
  }).pipe(
    Layer.provide(service(settings)),
    Layer.provide(modes(settings)),
    Layer.provide(Database.layer({ databaseUrl: settings.DATABASE_URL, dataDir: settings.DATA_DIR })),
    Layer.provideMerge(SigningSecret.layer({ secret: settings.AUTH_JWT_SECRET, dataDir: settings.DATA_DIR })),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: settings.PORT, host: settings.HOST })),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.mebibytes(1))),
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provide(Telemetry.layer(settings.OTEL_EXPORTER_OTLP_ENDPOINT)),
    Layer.provideMerge([NodeServices.layer, NodeCrypto.layerSecureRandom]),
  )
