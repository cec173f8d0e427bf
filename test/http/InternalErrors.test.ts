/** X7: whatever breaks inside, a caller gets a sentence and two ids. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { createServer } from "node:http"
import { Reads } from "../../src/admission/Reads.ts"
import * as Edge from "../../src/http/Edge.ts"
import { StoreError } from "../../src/store/StoreError.ts"

const canary = "canary: SELECT * FROM agents at /srv/crossfade/src/Store.ts:7 on db-7.internal:5432"
const error = new Error(canary, { cause: new Error(canary) })

class Odd extends Schema.TaggedError<Odd>()("Odd", { sql: Schema.String }) {}

const failures: ReadonlyArray<Effect.Effect<never, unknown>> = [
  Effect.die(error),
  Effect.die(canary),
  Effect.die({ message: canary, stack: canary, toString: () => canary }),
  Effect.die(Object.assign(new TypeError(canary), { code: "ECONNREFUSED", address: "10.0.0.7" })),
  Effect.die(new AggregateError([error], canary)),
  Effect.die(undefined),
  Effect.fail(new StoreError({ operation: "Agents.get", cause: error })),
  Effect.fail(new Odd({ sql: canary })),
  Effect.promise(() => Promise.reject(error)),
  Effect.sync(() => {
    throw error
  }),
  Effect.flatMap(
    Schema.decodeEffect(Schema.fromJsonString(Schema.Finite))(`"${canary}"`),
    () => Effect.never,
  ),
  Effect.andThen(
    Effect.sync(() => JSON.parse(canary)),
    Effect.never,
  ),
]

const routes = HttpRouter.use((router) =>
  Effect.forEach(failures, (failure, index) =>
    router.add("GET", `/${index}`, Effect.as(Effect.orDie(failure), HttpServerResponse.empty())),
  ),
)

const places = { console: "off", docs: "off", openapi: "off", metrics: "off" } as const

const uncounted = () => () => {}

const served = HttpRouter.serve(Layer.mergeAll(routes, Edge.layer(places)), {
  disableListenLog: true,
  disableLogger: true,
}).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provide([
    NodeCrypto.layerSecureRandom,
    Logger.layer([]),
    Layer.mock(Reads, { hold: uncounted, holdAnyway: uncounted }),
  ]),
)

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"

describe("X7: 200 forced internal errors", () => {
  it.live("are answered by a sentence, the request's id and the trace's, and nothing of what broke", () =>
    Effect.gen(function* () {
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      for (let count = 0; count < 200; count += 1) {
        const id = `asked-${count}`
        const headers = { "x-request-id": id, traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
        const response = yield* Effect.promise(() => fetch(`${url}/${count % failures.length}`, { headers }))
        assert.strictEqual(response.status, 500)
        assert.strictEqual(response.headers.get("x-request-id"), id)
        assert.deepStrictEqual(yield* Effect.promise(() => response.json()), {
          success: false,
          error: {
            code: "INTERNAL_ERROR",
            message: "Something went wrong on our side.",
            requestId: id,
            traceId,
          },
        })
      }
      const plain = yield* Effect.promise(async () => (await fetch(`${url}/0`)).text())
      assert.match(plain, /"requestId":"[0-9a-f-]{36}"\}\}$/)
    }).pipe(Effect.provide(served)),
  )
})
