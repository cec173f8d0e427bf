/** Telemetry, where a collector is configured; else nothing, at no cost. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** `endpoint` without a slash at the end; empty: none. */
export const layer = (endpoint: string): Layer.Layer<never> =>
  endpoint === ""
    ? Layer.empty
    : Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./Otlp.ts")),
          (otlp) => otlp.layer(endpoint),
        ),
      )
