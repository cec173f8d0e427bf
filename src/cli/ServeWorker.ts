/** The service in one worker: that of a single process, with connections and `/metrics` from the primary. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as App from "../app/App.ts"
import * as StageSettings from "../app/StageSettings.ts"
import * as Config from "../config/Config.ts"
import { LogOrigin } from "../telemetry/Logs.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { MetricsPage } from "../telemetry/MetricsPage.ts"
import { type Channel, WorkerChannel } from "../workers/Channel.ts"
import { logging } from "./ServiceLog.ts"
import * as UnhandledRejections from "./UnhandledRejections.ts"

export const layer = (env: Config.Environment, channel: Channel) =>
  Layer.unwrap(
    Effect.map(Config.read(env), (read) => {
      const { restarts, sandbox, worker } = channel.assignment
      const settings = sandbox === undefined ? read : StageSettings.withSandbox(read, sandbox)
      const ready = Effect.andThen(
        catalogue.workerRestarts.record({}, restarts),
        Effect.sync(() => channel.send({ kind: "ready" })),
      )
      return Layer.effectDiscard(ready).pipe(
        Layer.provide(App.layer(settings, sandbox)),
        Layer.provide(UnhandledRejections.layer),
        Layer.provide([
          logging(settings),
          Layer.succeed(LogOrigin, { worker }),
          Layer.succeed(WorkerChannel, channel),
          Layer.succeed(MetricsPage, channel.allMetrics),
        ]),
      )
    }),
  )
