import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { active, call, execute, setFault, until } from "./wire.ts"

const fast = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 0 })

describe("the sandbox as a layer", () => {
  it.live("ends its streams and frees its ports when it is closed", () =>
    Effect.gen(function* () {
      const { running, runtimeUrl } = yield* Effect.gen(function* () {
        const { runtimeUrl } = yield* Sandbox
        yield* setFault(runtimeUrl, { fault: "hang" })
        const running = yield* Effect.forkScoped(execute(runtimeUrl))
        yield* until(active(runtimeUrl), (count) => count === 1)
        return { running, runtimeUrl }
      }).pipe(Effect.provide(Sandbox.layer({ runtimePort: 0, modelPort: 0, pingIntervalMs: 60_000 })))
      const received = yield* Fiber.join(running)
      assert.isFalse(received.ended)
      const refused = yield* Effect.flip(call(`${runtimeUrl}/health`))
      assert.include(String(refused), "ECONNREFUSED")
    }),
  )

  it.live("ends a hung execution whose client leaves, even if nothing is written to it", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      yield* setFault(runtimeUrl, { fault: "hang" })
      const running = yield* Effect.forkChild(execute(runtimeUrl))
      yield* until(active(runtimeUrl), (count) => count === 1)
      yield* Fiber.interrupt(running)
      assert.strictEqual(yield* until(active(runtimeUrl), (count) => count === 0), 0)
    }).pipe(Effect.provide(Sandbox.layer({ runtimePort: 0, modelPort: 0, pingIntervalMs: 60_000 }))),
  )

  it.live("listens on 127.0.0.1 and on no other address", () =>
    Effect.gen(function* () {
      const { modelUrl, runtimeUrl } = yield* Sandbox
      for (const url of [modelUrl, runtimeUrl]) {
        yield* Effect.flip(call(`${url.replace("127.0.0.1", "127.0.0.2")}/health`))
      }
    }).pipe(Effect.provide(fast)),
  )

  it.live("takes another port when its default is taken, and names both", () =>
    Effect.gen(function* () {
      const { modelUrl, runtimeUrl } = yield* Sandbox
      const options = {
        runtimePort: Number(new URL(runtimeUrl).port),
        modelPort: Number(new URL(modelUrl).port),
        mayMove: { runtime: true, model: true },
      }
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => lines.push(String(message)))
      const moved = Layer.provide(Layer.fresh(Sandbox.layer(options)), Logger.layer([logger]))
      const other = yield* Effect.provide(Sandbox, moved)
      assert.notStrictEqual(other.runtimeUrl, runtimeUrl)
      assert.notStrictEqual(other.modelUrl, modelUrl)
      assert.strictEqual(lines.length, 2)
      assert.include(lines[0], `port ${options.runtimePort} is in use`)
      assert.include(lines[0], other.runtimeUrl)
      assert.include(lines[0], "SANDBOX_RUNTIME_PORT")
      assert.include(lines[1], "SANDBOX_MODEL_PORT")
    }).pipe(Effect.provide(fast)),
  )

  it.live("names the port and the variable when a port is taken", () =>
    Effect.gen(function* () {
      const { runtimeUrl } = yield* Sandbox
      const taken = Number(new URL(runtimeUrl).port)
      const start = (options: { runtimePort: number; modelPort: number }) =>
        Effect.flip(Effect.scoped(Layer.build(Layer.fresh(Sandbox.layer(options)))))
      const runtime = yield* start({ runtimePort: taken, modelPort: 0 })
      assert.strictEqual(runtime._tag, "SandboxPortUnavailable")
      assert.strictEqual(runtime.port, taken)
      assert.include(runtime.message, `127.0.0.1:${taken}`)
      assert.include(runtime.message, "SANDBOX_RUNTIME_PORT")
      const model = yield* start({ runtimePort: 0, modelPort: taken })
      assert.include(model.message, "SANDBOX_MODEL_PORT")
    }).pipe(Effect.provide(fast)),
  )
})
