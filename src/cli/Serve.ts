/**
 * Builds the service from an environment: first the sandbox if no upstream is configured, then everything else, then
 * a few lines that say what runs and how to try it. A failed start gives its reason in words, without a stack.
 */
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import { resolve } from "node:path"
import * as App from "../app/App.ts"
import * as Config from "../config/Config.ts"
import { placesOf } from "../config/ConfigPages.ts"
import { defaultAgentId } from "../domain/Agent.ts"
import { OrgId, UserId } from "../domain/Ids.ts"
import type { Place } from "../domain/WebPage.ts"
import { reasonOf } from "../domain/Reason.ts"
import * as Jwt from "../http/Jwt.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import { Sandbox } from "../sandbox/Sandbox.ts"
import * as StageSettings from "../app/StageSettings.ts"
import * as LogOutput from "../telemetry/LogOutput.ts"
import * as Logs from "../telemetry/Logs.ts"
import { prepare } from "./DataFolder.ts"
import { startWarnings } from "./StartWarnings.ts"
import * as UnhandledRejections from "./UnhandledRejections.ts"

/** Long enough to try everything, short enough to be useless when it is found later in a terminal's history. */
const tokenHours = 24

const someone = {
  orgId: OrgId.make("demo"),
  userId: UserId.make("you"),
  permissions: ["chat:*", "sessions:*", "agents:*", "keys:*", "admin:*", "operator:*"],
}

const sandboxLines = (urls: Sandbox["Service"] | undefined): ReadonlyArray<string> =>
  urls === undefined
    ? []
    : [
        "",
        "SANDBOX: no runtime and no model is configured, so both are stand-ins on this machine.",
        `  runtime ${urls.runtimeUrl}   model ${urls.modelUrl}`,
        "  Break the runtime, send a message, and see direct mode answer; `none` fixes it:",
        `  curl -s ${urls.runtimeUrl}/sandbox/faults -H 'content-type: application/json' -d '{"fault":"down"}'`,
      ]

const tryLines = (url: string, consoleUrl: string | undefined, token: string): ReadonlyArray<string> => [
  ...(consoleUrl === undefined ? [] : ["", `Open   ${consoleUrl}/#token=${token}`]),
  "",
  `or     curl -N ${url}/api/v1/chat/start \\`,
  `         -H 'authorization: Bearer ${token}' -H 'content-type: application/json' \\`,
  `         -d '{"agentId":"${defaultAgentId}","message":"Hello"}'`,
]

const formatOf = ({ LOG_FORMAT, NODE_ENV }: Config.Settings) =>
  LOG_FORMAT || (NODE_ENV === "production" ? "json" : "pretty")

/** A token is shown only if the secret was generated here too, so never in production. */
const announce = (settings: Config.Settings, sandbox: Sandbox["Service"] | undefined) =>
  Effect.gen(function* () {
    const { secret, made } = yield* SigningSecret
    const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
    const { console: place, docs } = placesOf(settings)
    const operators = `http://${settings.HOST}:${settings.ADMIN_PORT}`
    const urls: Readonly<Record<Place, string | undefined>> = { main: url, admin: operators, off: undefined }
    const store =
      settings.DATABASE_URL === undefined ? `SQLite in ${resolve(settings.DATA_DIR)}` : "PostgreSQL"
    const token = made
      ? yield* Jwt.mint(secret, someone, tokenHours, StageSettings.tokenRules(settings))
      : undefined
    const first = [
      `Crossfade listens on ${url} (mode ${settings.CHAT_EXECUTION_MODE}, ${store}${docs === "off" ? "" : `; docs at ${urls[docs]}/docs`})`,
      ...(settings.ADMIN_PORT === null ? [] : [`Operators' port: ${operators}`]),
    ]
    const forPeople = [
      ...sandboxLines(sandbox),
      ...(token === undefined ? [] : tryLines(url, urls[place], token)),
    ]
    if (formatOf(settings) === "pretty") return yield* Console.log([...first, ...forPeople].join("\n"))
    // Every line of stdout is JSON then, and a token stays out of the log. LOG_LEVEL must not hide the address.
    const timestamp = DateTime.formatIso(yield* DateTime.now)
    for (const message of first) yield* Console.log(JSON.stringify({ timestamp, level: "info", message }))
    if (forPeople.length > 0) yield* Console.error(forPeople.join("\n"))
  })

export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `Cannot listen on ${this.address} (${this.reason}). Set HOST and PORT to an address that is free.`
  }
}

const running = (settings: Config.Settings, sandbox: Sandbox["Service"] | undefined) =>
  Layer.effectDiscard(announce(settings, sandbox)).pipe(
    Layer.provide(App.layer(settings, sandbox)),
    Layer.catchTag("ServeError", (error) =>
      Layer.effectDiscard(
        new CannotListen({ address: `${settings.HOST}:${settings.PORT}`, reason: reasonOf(error) }),
      ),
    ),
  )

const withSandbox = (settings: Config.Settings) =>
  Layer.unwrap(Effect.map(Sandbox, (urls) => running(StageSettings.withSandbox(settings, urls), urls))).pipe(
    Layer.provide(
      Sandbox.layer({
        runtimePort: settings.SANDBOX_RUNTIME_PORT,
        modelPort: settings.SANDBOX_MODEL_PORT,
        mayMove: {
          runtime: !settings.given.has("SANDBOX_RUNTIME_PORT"),
          model: !settings.given.has("SANDBOX_MODEL_PORT"),
        },
      }),
    ),
  )

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** Node checks the terminal and `NO_COLOR`. */
const isColoured = () => process.stdout.isTTY && process.stdout.hasColors()

const logging = (settings: Config.Settings) =>
  Layer.mergeAll(
    Layer.succeed(References.MinimumLogLevel, levels[settings.LOG_LEVEL]),
    Logger.layer([LogOutput.toStdout(formatOf(settings) === "json" ? Logs.json : Logs.pretty(isColoured()))]),
  )

const warnings = (settings: Config.Settings) =>
  Layer.effectDiscard(
    Effect.forEach(startWarnings(settings), (warning) => Effect.logWarning(warning), { discard: true }),
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
