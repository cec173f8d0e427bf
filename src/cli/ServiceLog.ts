/** The log of the service on stdout, and the warnings of its start. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import type { Settings } from "../config/Config.ts"
import * as LogOutput from "../telemetry/LogOutput.ts"
import * as Logs from "../telemetry/Logs.ts"
import { startWarnings } from "./StartWarnings.ts"

export const formatOf = ({ LOG_FORMAT, NODE_ENV }: Settings) =>
  LOG_FORMAT || (NODE_ENV === "production" ? "json" : "pretty")

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** Node checks the terminal and `NO_COLOR`. */
const isColoured = () => process.stdout.isTTY && process.stdout.hasColors()

export const logging = (settings: Settings) =>
  Layer.mergeAll(
    Layer.succeed(References.MinimumLogLevel, levels[settings.LOG_LEVEL]),
    Logger.layer([LogOutput.toStdout(formatOf(settings) === "json" ? Logs.json : Logs.pretty(isColoured()))]),
  )

export const warnings = (settings: Settings) =>
  Layer.effectDiscard(
    Effect.forEach(startWarnings(settings), (warning) => Effect.logWarning(warning), { discard: true }),
  )
