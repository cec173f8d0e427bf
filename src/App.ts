/** What the service is: every layer, from the platform up to the server. The only file that closes requirements. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as ByteSize from "effect/ByteSize"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Layer from "effect/Layer"
import { Admission } from "./admission/Admission.ts"
import { BusySession } from "./chat/BusySession.ts"
import { Chat } from "./chat/Chat.ts"
import * as Drain from "./chat/Drain.ts"
import { OncePerKey } from "./chat/OncePerKey.ts"
import { RunReader } from "./chat/RunReader.ts"
import { TurnRun } from "./chat/TurnRun.ts"
import type { Settings } from "./Config.ts"
import { ModeService } from "./decision/ModeService.ts"
import { Rollout } from "./decision/Rollout.ts"
import { Execution } from "./execution/Execution.ts"
import * as Prober from "./execution/Prober.ts"
import { RuntimeFiles } from "./execution/runtime/RuntimeFiles.ts"
import { RuntimeHealth } from "./execution/runtime/RuntimeHealth.ts"
import * as Targets from "./execution/Targets.ts"
import * as Fleet from "./Fleet.ts"
import * as NodeServer from "./http/NodeServer.ts"
import * as Server from "./http/Server.ts"
import { SigningSecret } from "./http/SigningSecret.ts"
import { FleetHealth } from "./monitoring/FleetHealth.ts"
import { Monitor } from "./monitoring/Monitor.ts"
import * as Database from "./persistence/Database.ts"
import { Replica } from "./persistence/Replica.ts"
import { BreakerMemory } from "./recording/BreakerMemory.ts"
import * as Forgetting from "./recording/Forgetting.ts"
import * as Membership from "./recording/Membership.ts"
import { Recorder } from "./recording/Recorder.ts"
import * as SqlStore from "./recording/SqlStore.ts"
import { GuardedRollout } from "./rollout/GuardedRollout.ts"
import { LiveRuns } from "./runs/LiveRuns.ts"
import { Stopping } from "./runs/Stopping.ts"
import * as ShadowRuns from "./shadow/ShadowRuns.ts"
import * as StageSettings from "./StageSettings.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"

/** What goes on beside the turns. */
const loops = Layer.mergeAll(Prober.layer, FleetHealth.layer, GuardedRollout.layer)

/** The stages of a turn; open for the modes, the store and the platform, which a test may swap. */
export const stages = (settings: Settings) =>
  Layer.mergeAll(Chat.layer, OncePerKey.layer, BusySession.layer(settings.CHAT_ON_BUSY), loops).pipe(
    Layer.provideMerge(RunReader.layer),
    Layer.provideMerge(Admission.layer(StageSettings.admission(settings))),
    Layer.provideMerge(TurnRun.layer),
    Layer.provideMerge(BreakerMemory.layer),
    Layer.provideMerge(ShadowRuns.layer(StageSettings.shadow(settings))),
    Layer.provideMerge(Execution.layer(StageSettings.execution(settings))),
    Layer.provideMerge(ModeService.layer({ shadowSamePercent: settings.CHAT_RUNTIME_SHADOW_AA_PERCENT })),
    Layer.provideMerge(Rollout.layer(StageSettings.rollout(settings))),
    Layer.provideMerge(Recorder.layer),
    Layer.provideMerge(Monitor.layer(StageSettings.monitor(settings))),
    Layer.provideMerge(Fleet.layer(settings)),
    Layer.provideMerge(Membership.layer),
    Layer.provideMerge(Stopping.layer),
    Layer.provideMerge(LiveRuns.layer({ detachGrace: settings.CHAT_DETACH_GRACE_MS })),
  )

/** The whole service. `sandbox`: where the sandbox listens, when the settings' upstreams are it. */
export const layer = (settings: Settings, sandbox?: Server.ServerSettings["sandbox"]) =>
  Drain.layer(settings.SHUTDOWN_GRACE_MS).pipe(
    Layer.provideMerge(Server.layer(StageSettings.server(settings, sandbox))),
    Layer.provide(stages(settings)),
    Layer.provide(Targets.layer(StageSettings.targets(settings))),
    Layer.provide(Fleet.answers(settings)),
    Layer.provide(RuntimeFiles.layer(settings.RUNTIME_SERVICE_URL)),
    Layer.provide(RuntimeHealth.layer(settings.RUNTIME_SERVICE_URL)),
    Layer.merge(Forgetting.layer(settings.RUN_EVENTS_RETENTION_DAYS)),
    Layer.provide(SqlStore.layer),
    Layer.provide(Database.layer(StageSettings.database(settings))),
    Layer.provideMerge(SigningSecret.layer({ secret: settings.AUTH_JWT_SECRET, dataDir: settings.DATA_DIR })),
    Layer.provideMerge(NodeHttpServer.layer(NodeServer.make, { port: settings.PORT, host: settings.HOST })),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.mebibytes(1))),
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provide(Telemetry.layer(settings.OTEL_EXPORTER_OTLP_ENDPOINT)),
    Layer.provide(Replica.layer),
    Layer.provideMerge([NodeServices.layer, NodeCrypto.layerSecureRandom]),
  )
