import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as E from "../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor } from "../../src/execution/Executor.ts"
import { heldUntil } from "../../src/execution/HeldAnswer.ts"
import { finished, says, text, turn } from "../support/fixtures.ts"
import { settle } from "./scripted.ts"

const failure = new E.UpstreamFailed({ upstream: "u", code: "", message: "" })
const answers: Record<string, Stream.Stream<ExecutionEvent, E.ExecutionError>> = {
  "a whole answer": Stream.make<Array<ExecutionEvent>>(says(text("a")), says(text("b")), finished),
  "an answer in chunks": Stream.rechunk(Stream.make<Array<ExecutionEvent>>(says(text("a")), finished), 1),
  "a failure": Stream.fail(failure),
  "a failure after text": Stream.concat(Stream.make(says(text("a"))), Stream.fail(failure)),
}

const collected = (answer: Stream.Stream<ExecutionEvent, E.ExecutionError>) =>
  Effect.exit(Stream.runCollect(answer))

describe("an executor whose answer is held", () => {
  it.effect.each(Object.entries(answers))(
    "asks at once, and passes %s on unchanged when it is ready",
    ([, answer]) =>
      Effect.gen(function* () {
        let asked = 0
        const executor = Executor.of({
          mode: "direct_llm",
          target: "u",
          execute: () =>
            Stream.concat(Stream.drain(Stream.fromEffect(Effect.sync(() => (asked += 1)))), answer),
        })
        const ready = yield* Deferred.make<void>()
        const held = heldUntil(Deferred.await(ready), executor).execute(turn())
        const results: Array<unknown> = []
        const reading = Stream.runForEach(
          Stream.tapError(held, (error) => Effect.sync(() => results.push(error))),
          (event) => Effect.sync(() => results.push(event)),
        )
        const fiber = yield* Effect.forkChild(Effect.exit(reading))
        yield* settle
        assert.strictEqual(asked, 1)
        assert.lengthOf(results, 0)
        yield* Deferred.succeed(ready, undefined)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(yield* collected(held), yield* collected(answer))
      }),
  )

  it("is the executor itself if there is nothing to wait for", () => {
    const executor = Executor.of({ mode: "direct_llm", target: "u", execute: () => Stream.empty })
    assert.strictEqual(heldUntil(undefined, executor), executor)
  })
})
