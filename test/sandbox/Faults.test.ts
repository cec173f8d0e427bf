import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { call, events, execute, json, payloads, setFault, until } from "./wire.ts"

const fast = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 0, pingIntervalMs: 5 })

/** The runtime's address; its fault is cleared at the end of the test. */
const runtime = Effect.gen(function* () {
  const { runtimeUrl } = yield* Sandbox
  yield* Effect.addFinalizer(() => Effect.orDie(setFault(runtimeUrl, { fault: "none" })))
  return runtimeUrl
})

const timed = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    yield* effect
    return (yield* Clock.currentTimeMillis) - start
  })

layer(fast, { excludeTestServices: true })("a fault of the sandbox runtime", (it) => {
  it.effect("is none at first, and is returned after a change", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      assert.deepStrictEqual(json(yield* call(`${url}/sandbox/faults`)), {
        fault: "none",
        rate: 0.5,
        afterEvents: 3,
      })
      const set = yield* setFault(url, { fault: "cut", afterEvents: 7 })
      assert.deepStrictEqual(json(set), { fault: "cut", rate: 0.5, afterEvents: 7 })
      assert.deepStrictEqual(json(yield* call(`${url}/sandbox/faults`)), json(set))
    }),
  )

  it.effect("is refused with the field and the allowed values, and nothing changes", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      const refused = [
        [{ fault: "explode" }, "fault", /none \| down/],
        [{}, "fault", /none \| down/],
        [{ fault: "error-rate", rate: 1.5 }, "rate", /from 0 to 1/],
        [{ fault: "cut", afterEvents: -1 }, "afterEvents", /whole number/],
        [{ fault: "cut", afterEvent: 1 }, "afterEvent", /only fault/],
        ["{", "body", /JSON object/],
        [[], "body", /JSON object/],
      ] as const
      for (const [body, field, allowed] of refused) {
        const received = yield* setFault(url, body)
        assert.strictEqual(received.status, 400)
        assert.strictEqual(json(received).field, field)
        assert.match(String(json(received)["error"]), allowed)
      }
      assert.strictEqual(json(yield* call(`${url}/sandbox/faults`)).fault, "none")
    }),
  )

  it.effect("can be set by a page of another origin", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      const preflight = yield* call(`${url}/sandbox/faults`, { method: "OPTIONS" })
      assert.strictEqual(preflight.status, 204)
      assert.strictEqual(preflight.headers["access-control-allow-origin"], "*")
      assert.include(preflight.headers["access-control-allow-methods"], "POST")
      assert.include(preflight.headers["access-control-allow-headers"], "Content-Type")
      assert.strictEqual(
        (yield* setFault(url, { fault: "none" })).headers["access-control-allow-origin"],
        "*",
      )
      assert.strictEqual((yield* call(`${url}/health`)).headers["access-control-allow-origin"], undefined)
    }),
  )

  it.effect("down: every connection closes before a byte, until the fault is cleared", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "down" })
      assert.include(String(yield* Effect.flip(call(`${url}/health`))), "socket hang up")
      assert.include(String(yield* Effect.flip(execute(url))), "socket hang up")
      yield* setFault(url, { fault: "none" })
      assert.strictEqual((yield* call(`${url}/health`)).status, 200)
    }),
  )

  it.effect("hang: headers and pings only; down then ends it", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "hang" })
      let pings = 0
      const running = yield* Effect.forkChild(
        execute(url, {
          leaveWhen: (soFar) => {
            pings = soFar.toString("utf8").split(": ping").length - 1
            return false
          },
        }),
      )
      yield* until(
        Effect.delay(
          Effect.sync(() => pings),
          1,
        ),
        (count) => count >= 3,
      )
      yield* setFault(url, { fault: "down" })
      const received = yield* Fiber.join(running)
      assert.strictEqual(received.status, 200)
      assert.isFalse(received.ended)
      assert.strictEqual(payloads(received.body, "\r\n").length, 0)
    }),
  )

  it.effect("error-rate: the configured share of executions fails", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      const failed = (rate: number) =>
        Effect.gen(function* () {
          yield* setFault(url, { fault: "error-rate", rate })
          const all = yield* Effect.replicateEffect(execute(url), 40, { concurrency: 4 })
          return all.filter(({ body }) => events(body).at(-1)?.event === "execution_error").length
        })
      assert.strictEqual(yield* failed(0), 0)
      assert.strictEqual(yield* failed(1), 40)
      const half = yield* failed(0.5)
      assert.isTrue(half > 8 && half < 32, `${half} of 40`)
    }),
  )

  it.effect("error-rate: the execution ends with a known code and [DONE]", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "error-rate", rate: 1 })
      const { body } = yield* execute(url)
      assert.deepInclude(events(body).at(-1)?.data, { code: "INTERNAL_ERROR", httpStatus: 500 })
      assert.strictEqual(payloads(body, "\r\n").at(-1), "[DONE]")
    }),
  )

  it.effect("error-text: the execution reports its failure as an answer", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "error-text" })
      const [chunk, end] = events((yield* execute(url)).body).slice(-2)
      assert.match(String(chunk?.data["content"]), /^I encountered an error: .* Please try again\.$/)
      assert.strictEqual(end?.data["final_response"], chunk?.data["content"])
    }),
  )

  it.effect("cut: the connection closes in the middle of an event, without an end", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "cut", afterEvents: 5 })
      const { body, ended } = yield* execute(url)
      const frames = body.toString("utf8").split("\r\n\r\n")
      assert.isFalse(ended)
      assert.strictEqual(frames.length, 6, "five whole events and a beginning")
      assert.match(frames[5]!, /^data: \{"event":/)
      assert.throws(() => JSON.parse(frames[5]!.slice("data: ".length)))
      assert.notInclude(body.toString("utf8"), "[DONE]")
    }),
  )

  it.effect("garbage: undecodable lines and broken UTF-8 between events that are all there", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      yield* setFault(url, { fault: "garbage", afterEvents: 2 })
      const { body } = yield* execute(url)
      assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(body))
      const lines = body
        .toString("latin1")
        .split("\r\n\r\n")
        .filter((frame) => frame.startsWith('data: {"event":"') && frame.endsWith('"}'))
      const bad = body
        .toString("latin1")
        .split("\r\n\r\n")
        .filter((frame) => frame.startsWith("data: ") && !lines.includes(frame))
      assert.include(lines.at(-1), "execution_complete")
      assert.strictEqual(
        bad.length,
        lines.length - 2 + 1,
        "one before each event after the second, and [DONE]",
      )
    }),
  )
})

const watched = Sandbox.layer({ runtimePort: 0, modelPort: 0, pace: 0.02 })

layer(watched, { excludeTestServices: true })("a slow sandbox runtime", (it) => {
  it.effect("takes many times longer with the same content", () =>
    Effect.gen(function* () {
      const url = yield* runtime
      // 3.5 s of script are 70 ms at this pace and 1 400 ms twenty times slower; timers round each wait up to 1 ms.
      const normal = yield* timed(execute(url))
      yield* setFault(url, { fault: "slow" })
      const slow = yield* timed(execute(url))
      assert.isTrue(slow > 1200, `${slow} ms`)
      assert.isTrue(slow > normal * 3, `${slow} ms against ${normal} ms`)
    }),
  )
})
