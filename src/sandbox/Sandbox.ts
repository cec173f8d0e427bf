/**
 * The sandbox: a runtime and a model on loopback, so that the service can be tried without keys. It replaces both
 * upstreams and speaks their real wires; no other part of the service knows about it.
 *
 * Invariant: both servers live as long as the layer; closing it ends all their connections and timers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Random, seeded } from "./Bytes.ts"
import type { SandboxPortUnavailable } from "./Loopback.ts"
import * as SandboxModel from "./SandboxModel.ts"
import * as SandboxRuntime from "./SandboxRuntime.ts"

type Serve = typeof SandboxRuntime.serve

const moving =
  (serve: Serve, name: string): Serve =>
  (options) =>
    Effect.catchTag(serve(options), "SandboxPortUnavailable", ({ port, variable }) =>
      Effect.tap(serve({ ...options, port: 0 }), (url) =>
        Effect.logWarning(
          `port ${port} is in use, so the sandbox ${name} takes ${url}. Set ${variable} to choose a port`,
        ),
      ),
    )

interface SandboxOptions {
  /** 0: any free port. */
  readonly runtimePort: number
  readonly modelPort: number
  /** A server whose port is in use takes any free one. Default: neither. */
  readonly mayMove?: { readonly runtime: boolean; readonly model: boolean }
  /** Factor of every wait: 1 (the default) for people, 0 for tests. */
  readonly pace?: number
  /** Default 15 000, as sse-starlette; not changed by `pace`. */
  readonly pingIntervalMs?: number
  /** Chooses where bytes are cut, which request fails, and names. Default: seed 1. */
  readonly random?: Random
}

export class Sandbox extends Context.Service<
  Sandbox,
  {
    /** Without a slash at the end. */
    readonly runtimeUrl: string
    /** Without `/v1` and without a slash at the end. */
    readonly modelUrl: string
  }
>()("crossfade/sandbox/Sandbox") {
  static readonly layer = (options: SandboxOptions): Layer.Layer<Sandbox, SandboxPortUnavailable> =>
    Layer.effect(
      Sandbox,
      Effect.suspend(() => {
        const { mayMove, pace = 1, pingIntervalMs = 15_000, random = seeded(1) } = options
        const shared = { pace, pingIntervalMs, random }
        const runtime = mayMove?.runtime ? moving(SandboxRuntime.serve, "runtime") : SandboxRuntime.serve
        const model = mayMove?.model ? moving(SandboxModel.serve, "model") : SandboxModel.serve
        return Effect.all({
          runtimeUrl: runtime({ ...shared, port: options.runtimePort }),
          modelUrl: model({ ...shared, port: options.modelPort }),
        })
      }),
    )
}
