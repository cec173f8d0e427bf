import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { asked, service, shown, turn } from "./conversing.ts"

layer(service)("a session that starts with a supplied history", (it) => {
  it.effect(
    "sends that history by the history rule, stores none of it, and then sends the stored history",
    () =>
      Effect.gen(function* () {
        const history = [
          { role: "assistant", content: "Welcome." },
          { role: "user", content: "a" },
          { role: "user", content: " " },
          { role: "user", content: "b" },
          { role: "assistant", content: "<think>Hm.</think>c" },
        ] as const
        const { sessionId } = yield* turn("answered", { message: "d", history })
        assert.deepStrictEqual(asked(), [
          ["user", "a\n\nb"],
          ["assistant", "c"],
          ["user", "d"],
        ])
        assert.deepStrictEqual(yield* shown(sessionId), [
          ["user", "d"],
          ["assistant", "Yes."],
        ])
        yield* turn("answered", { message: "e" }, sessionId)
        assert.deepStrictEqual(asked(), [
          ["user", "d"],
          ["assistant", "Yes."],
          ["user", "e"],
        ])
      }),
  )

  it.effect("drops the oldest messages of the history above the token limit", () =>
    Effect.gen(function* () {
      const long = "x".repeat(200)
      yield* turn("answered", {
        message: "c",
        history: [
          { role: "user", content: long },
          { role: "assistant", content: "a" },
        ],
      })
      assert.deepStrictEqual(asked(), [["user", "c"]])
    }),
  )
})
