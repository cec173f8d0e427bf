/** A log line as an OTLP record, with its span and the standard's names for errors. */
import { logLevelToSeverityNumber, type OtelLoggerProvider } from "@effect/opentelemetry/OtelLogger"
import { ROOT_CONTEXT, trace } from "@opentelemetry/api"
import * as Logger from "effect/Logger"
import { lineOf } from "./Logs.ts"

type Attributes = Readonly<Record<string, string | number | boolean>>

const attributesOf = (annotations: Readonly<Record<string, unknown>>): Attributes =>
  Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [
      name,
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? value
        : JSON.stringify(value),
    ]),
  )

const contextOf = (traceId: unknown, spanId: unknown) =>
  typeof traceId === "string" && typeof spanId === "string"
    ? trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 })
    : ROOT_CONTEXT

export const make = (provider: OtelLoggerProvider["Service"]): Logger.Logger<unknown, void> => {
  const logger = provider.getLogger("crossfade")
  return Logger.make((options) => {
    const { annotations, error, level, message } = lineOf(options)
    const { spanId, traceId, ...rest } = annotations
    logger.emit({
      body: message,
      severityText: level,
      severityNumber: logLevelToSeverityNumber(options.logLevel),
      timestamp: options.date,
      context: contextOf(traceId, spanId),
      attributes: {
        ...attributesOf(rest),
        ...(error === undefined
          ? {}
          : {
              "exception.type": error.name,
              "exception.message": error.message,
              "exception.stacktrace": error.stack.join("\n"),
            }),
      },
    })
  })
}
