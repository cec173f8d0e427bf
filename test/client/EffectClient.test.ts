import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { make } from "../../src/client/EffectClient.ts"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { slow } from "../clients/readers.ts"
import { asking } from "./reading.ts"

const world = useWorld()
const client = () => make({ baseUrl: world.gateway.url, token: world.client.token })
const hanging = asking({ scenario: "hang", after: "text" })
const endOf = (runId: string) =>
  Effect.promise(() =>
    eventually(async () => {
      const { status } = await world.run(runId)
      return status !== "running" && status
    }, 10),
  )

describe("a turn as a stream", () => {
  it.live("has every event and ends with the run", () =>
    Effect.gen(function* () {
      const events = yield* Stream.runCollect(client().start(asking(slow)))
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index),
      )
      assert.strictEqual(events.at(-1)?.event, "done")
      const { runId, sessionId } = events[0]!
      assert.strictEqual((yield* client().run(runId)).status, "completed")
      assert.lengthOf((yield* client().session(sessionId)).messages, 2)
    }),
  )

  it.live("cancels its run when it is left, also while it waits for the next event", () =>
    Effect.gen(function* () {
      const [open] = yield* Stream.runCollect(Stream.take(client().start(hanging), 1))
      assert.strictEqual(yield* endOf(open!.runId), "cancelled")

      let runId = ""
      const waiting = Stream.runForEach(client().start(hanging), (event) =>
        Effect.sync(() => (runId = event.runId)),
      )
      yield* Effect.raceFirst(
        waiting,
        Effect.promise(() =>
          eventually(async () => runId !== "" && (await world.log()).executions.length === 2),
        ),
      )
      assert.strictEqual(yield* endOf(runId), "cancelled")
    }),
  )

  it.live("leaves its run alone with `detach`", () =>
    Effect.gen(function* () {
      const turn = client().start(asking(slow), { detach: true })
      const [open] = yield* Stream.runCollect(Stream.take(turn, 1))
      assert.strictEqual(yield* endOf(open!.runId), "completed")
    }),
  )

  it.live("fails with the gateway's error", () =>
    Effect.gen(function* () {
      const refused = Stream.runDrain(client().start({ agentId: "x", message: "m" }))
      const code = yield* refused.pipe(
        Effect.as("none"),
        Effect.catchTag("CrossfadeError", ({ code }) => Effect.succeed(code)),
      )
      assert.strictEqual(code, "VALIDATION_FAILED")
      const missing = yield* Effect.flip(client().session("00000000-0000-4000-8000-00000000dead"))
      assert.strictEqual(missing.code, "SESSION_NOT_FOUND")
    }),
  )
})
