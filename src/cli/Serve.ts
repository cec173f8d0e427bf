/**
 * Builds the service from an environment: first the sandbox if no upstream is configured, then everything else, then
 * a few lines that say what runs and how to try it. A failed start gives its reason in words, without a stack.
 */
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as App from "../app/App.ts"
import { sandboxSettings } from "../app/SandboxSettings.ts"
import * as StageSettings from "../app/StageSettings.ts"
import * as Config from "../config/Config.ts"
import { Sandbox } from "../sandbox/Sandbox.ts"
import { announce } from "./Announcement.ts"
import { CannotListen } from "./CannotListen.ts"
import { prepare } from "./DataFolder.ts"
import { logging, warnings } from "./ServiceLog.ts"
import * as UnhandledRejections from "./UnhandledRejections.ts"

const announced = (settings: Config.Settings, sandbox: Sandbox["Service"] | undefined) =>
  Effect.flatMap(HttpServer.addressFormattedWith(Effect.succeed), (url) => announce(settings, sandbox, url))

const running = (settings: Config.Settings, sandbox: Sandbox["Service"] | undefined) =>
  Layer.effectDiscard(announced(settings, sandbox)).pipe(
    Layer.provide(App.layer(settings, sandbox)),
    Layer.catchTag("ServeError", (error) => Layer.effectDiscard(CannotListen.on(settings, error))),
  )

const withSandbox = (settings: Config.Settings) =>
  Layer.unwrap(Effect.map(Sandbox, (urls) => running(StageSettings.withSandbox(settings, urls), urls))).pipe(
    Layer.provide(Sandbox.layer(sandboxSettings(settings))),
  )

/** The whole service, for as long as it is launched. */
export const layer = (env: Config.Environment) =>
  Layer.unwrap(
    Effect.map(Config.read(env), (settings) =>
      (settings.sandbox ? withSandbox(settings) : running(settings, undefined)).pipe(
        Layer.provide(Layer.effectDiscard(prepare(settings))),
        Layer.provide([warnings(settings), UnhandledRejections.layer]),
        Layer.provide(logging(settings)),
      ),
    ),
  )
