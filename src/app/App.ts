/** The whole service: every layer, from the platform up to the server. Only this file, `Stages` and `Fleet` provide layers. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Layer from "effect/Layer"
import type { Settings } from "../config/Config.ts"
import { McpHosts } from "../execution/McpServers.ts"
import { withoutSlash } from "../execution/RuntimeSettings.ts"
import { RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import { RuntimeHealth } from "../execution/RuntimeHealth.ts"
import * as Targets from "../execution/Targets.ts"
import { UpstreamHttp } from "../execution/UpstreamHttp.ts"
import * as UpstreamProxy from "../execution/UpstreamProxy.ts"
import * as FileLayers from "./FileLayers.ts"
import * as Fleet from "./Fleet.ts"
import * as NodeServer from "../http/NodeServer.ts"
import * as OperatorsPort from "../http/OperatorsPort.ts"
import * as Server from "../http/Server.ts"
import type { Limits as StalledLimits } from "../http/Delivery.ts"
import * as StalledReaders from "../http/StalledReaders.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import * as DataKeys from "../persistence/DataKeys.ts"
import * as Database from "../store/Database.ts"
import * as DataFolderLock from "../persistence/DataFolderLock.ts"
import { Replica } from "../platform/Replica.ts"
import * as Shutdown from "../runs/Shutdown.ts"
import * as Webhooks from "../notify/Webhooks.ts"
import * as CredentialSeals from "../recording/CredentialSeals.ts"
import * as RetentionJob from "../recording/RetentionJob.ts"
import * as SearchIndexer from "../recording/SearchIndexer.ts"
import { Quotas } from "../store/Quotas.ts"
import * as SqlStore from "../store/SqlStore.ts"
import * as SecureRandomPool from "../platform/SecureRandomPool.ts"
import * as Stages from "./Stages.ts"
import * as StageSettings from "./StageSettings.ts"
import * as Telemetry from "../telemetry/Telemetry.ts"
import { WorkerChannel } from "../workers/Channel.ts"

const telemetry = (settings: Settings) =>
  Layer.unwrap(Effect.map(Replica, ({ id }) => Telemetry.layer(StageSettings.telemetry(settings, id))))

/** Locks the data folder before the database opens, until the database is closed. */
const database = (settings: Settings) =>
  Database.layer(StageSettings.database(settings)).pipe(
    Layer.provide(
      settings.DATABASE_URL === undefined ? DataFolderLock.layer(settings.DATA_DIR) : Layer.empty,
    ),
  )

/** Listens on the service's port, and on the operators' port if it is configured. A worker gets its connections from the primary. */
const listening = ({ ADMIN_PORT, CORS_ALLOWED_ORIGINS, HOST, PORT }: Settings, stalled: StalledLimits) =>
  Layer.unwrap(
    Effect.map(WorkerChannel, (worker) => {
      const server = NodeServer.make(CORS_ALLOWED_ORIGINS, worker?.connections("main"))
      const main = NodeHttpServer.layer(() => server, { port: PORT, host: HOST, backlog: NodeServer.backlog })
      if (ADMIN_PORT === null) return Layer.merge(main, StalledReaders.layer([server], stalled))
      const operators = NodeServer.makeOperators(
        server,
        CORS_ALLOWED_ORIGINS,
        worker?.connections("operators"),
      )
      return Layer.mergeAll(
        main,
        StalledReaders.layer([server, operators], stalled),
        OperatorsPort.layer(operators, { host: HOST, port: ADMIN_PORT }),
      )
    }),
  )

/**
 * The whole service. `sandbox`: the address of the sandbox, when it replaces the upstreams. `stalled`: the time limits for
 * connections whose peer reads nothing; tests use shorter ones.
 */
export const layer = (
  settings: Settings,
  sandbox?: Server.ServerSettings["sandbox"],
  stalled: StalledLimits = StalledReaders.limits,
) =>
  Shutdown.layerDrain(settings.SHUTDOWN_GRACE_MS).pipe(
    Layer.provideMerge(Server.layer(StageSettings.server(settings, sandbox))),
    Layer.provide(Layer.provideMerge(Stages.deletion(settings), Stages.layer(settings))),
    Layer.provide([Targets.layer(StageSettings.targets(settings)), Webhooks.layer(settings.webhooks)]),
    Layer.provide(Fleet.answers(settings)),
    Layer.provide([
      RuntimeFiles.layer(withoutSlash(settings.RUNTIME_SERVICE_URL), settings.RUNTIME_HEADERS),
      RuntimeHealth.layer(StageSettings.runtimeHealth(settings)),
    ]),
    Layer.provide(FileLayers.layer(settings)),
    Layer.provide(Quotas.layer(StageSettings.quotas(settings))),
    Layer.merge([
      RetentionJob.layer(StageSettings.retention(settings)),
      SearchIndexer.layer,
      CredentialSeals.layer(StageSettings.mcpHosts(settings)),
    ]),
    Layer.provide(SqlStore.layer),
    Layer.provide(database(settings)),
    Layer.provide(Layer.succeed(McpHosts, StageSettings.mcpHosts(settings))),
    Layer.provide(DataKeys.layer(StageSettings.dataKeys(settings))),
    Layer.provideMerge(SigningSecret.layer({ secret: settings.AUTH_JWT_SECRET, dataDir: settings.DATA_DIR })),
    Layer.provideMerge(listening(settings, stalled)),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.mebibytes(1))),
    Layer.provide([NodeHttpClient.layerUndiciNoDispatcher, UpstreamHttp.layerDispatched]),
    Layer.provide(UpstreamProxy.layer(StageSettings.proxy(settings))),
    Layer.provide(telemetry(settings)),
    Layer.provide(Replica.layer),
    Layer.provideMerge([NodeServices.layer, SecureRandomPool.layer]),
  )
