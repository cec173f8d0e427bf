/** The first lines of a service that is ready: what runs, and how to try it. */
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { resolve } from "node:path"
import * as StageSettings from "../app/StageSettings.ts"
import type { Settings } from "../config/Config.ts"
import { placesOf } from "../config/ConfigPages.ts"
import { defaultAgentId } from "../domain/Agent.ts"
import { OrgId, UserId } from "../domain/Ids.ts"
import type { Place } from "../domain/WebPage.ts"
import * as Jwt from "../http/Jwt.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import type { Sandbox } from "../sandbox/Sandbox.ts"
import { formatOf } from "./ServiceLog.ts"

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

/** A token is shown only if the secret was generated here too, so never in production. */
export const announce = (settings: Settings, sandbox: Sandbox["Service"] | undefined, url: string) =>
  Effect.gen(function* () {
    const { secret, made } = yield* SigningSecret
    const { console: place, docs } = placesOf(settings)
    const operators = `http://${settings.HOST}:${settings.ADMIN_PORT}`
    const urls: Readonly<Record<Place, string | undefined>> = { main: url, admin: operators, off: undefined }
    const store =
      settings.DATABASE_URL === undefined ? `SQLite in ${resolve(settings.DATA_DIR)}` : "PostgreSQL"
    const workers = settings.WORKERS === 1 ? "" : `, ${settings.WORKERS} workers`
    const token = made
      ? yield* Jwt.mint(secret, someone, tokenHours, StageSettings.tokenRules(settings))
      : undefined
    const first = [
      `Crossfade listens on ${url} (mode ${settings.CHAT_EXECUTION_MODE}, ${store}${workers}${docs === "off" ? "" : `; docs at ${urls[docs]}/docs`})`,
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
