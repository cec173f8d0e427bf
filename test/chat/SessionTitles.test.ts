import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { layerMemory } from "../../src/admission/TokenBudgetsMemory.ts"
import { FileId } from "../../src/domain/Ids.ts"
import { SessionTitles } from "../../src/chat/SessionTitles.ts"
import * as TitlePrompt from "../../src/chat/TitlePrompt.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { type Spent, TokenSpend } from "../../src/store/TokenSpend.ts"
import { type Asked, direct, type Script, settle } from "../execution/scripted.ts"
import { finished, orgId, run, says, sessionId, text, turn } from "../support/fixtures.ts"

const said = (title: string): Script => [says(text(title)), finished]
const answered = run({ status: "completed", finishReason: "stop" })

const world = () => ({
  titles: [] as Array<readonly [string, string]>,
  spent: [] as Array<readonly [Spent, string]>,
  asked: [] as Array<Asked>,
  isUntitled: true,
  fails: false,
  spentBefore: 0,
})

const layer = (
  its: ReturnType<typeof world>,
  scripts: ReadonlyArray<Script>,
  options: { provider?: string; budget?: number } = {},
) => {
  const spend = Layer.succeed(TokenSpend, {
    spent: () => Effect.sync(() => its.spentBefore),
    add: (spent, owner) => Effect.sync(() => void its.spent.push([spent, owner.userId])),
  })
  const lists = Layer.mock(SessionLists, {
    isUntitled: () =>
      Effect.suspend(() =>
        its.fails
          ? Effect.fail(new StoreError({ operation: "SessionLists.isUntitled", cause: new Error("down") }))
          : Effect.succeed(its.isUntitled),
      ),
    titleByModel: (id, title) =>
      Effect.sync(() => {
        its.titles.push([id, title])
        return true
      }),
  })
  return SessionTitles.layer(options.provider ?? "namer").pipe(
    Layer.provide(lists),
    Layer.provide(
      Modes.layer([direct([], "main", said("Not asked")), direct(its.asked, "namer", ...scripts)]),
    ),
    Layer.provide(layerMemory({ user: options.budget ?? 0, org: 0 })),
    Layer.provide(spend),
  )
}

const offer = (...given: Parameters<SessionTitles["Service"]["offer"]>) =>
  Effect.andThen(
    SessionTitles.use((titles) => titles.offer(...given)),
    settle,
  )

describe("the title by a model", () => {
  it.effect("is written after the first answer, by the provider that is configured", () => {
    const its = world()
    return Effect.gen(function* () {
      yield* offer(answered, turn({ message: "Wo ist mein Paket?" }), "Es ist unterwegs.")
      assert.deepStrictEqual(its.titles, [[sessionId, "Paket unterwegs"]])
      const [{ turn: asked }] = its.asked as [Asked]
      assert.strictEqual(asked.agent.settings.systemPrompt, TitlePrompt.instructions)
      assert.include(asked.message, "Wo ist mein Paket?")
      assert.include(asked.message, "Es ist unterwegs.")
      assert.deepStrictEqual(asked.history, [{ role: "user", content: asked.message }])
      assert.strictEqual(asked.agent.settings.maxTokens, 500)
      assert.deepStrictEqual(its.spent, [])
      const file = { filename: "order.pdf", mediaType: "application/pdf", kind: "pdf", bytes: 1 } as const
      const fileId = FileId.make("01890000-0000-7000-8000-000000000001")
      yield* offer(answered, turn({ message: "", attachments: [{ ...file, fileId }] }), "An order.")
      assert.include(its.asked[1]?.turn.message, "[file: order.pdf]")
    }).pipe(Effect.provide(layer(its, [said('"Paket unterwegs."\n'), said("Order")])))
  })

  it.effect(
    "is not asked for a later answer, a failed turn, a question, or a session that has a title",
    () => {
      const its = world()
      return Effect.gen(function* () {
        const [question] = turn().history
        yield* offer(
          answered,
          turn({ history: [question!, { role: "assistant", content: "Hi" }, question!] }),
          "Hi",
        )
        for (const fields of [
          { status: "failed" },
          { status: "cancelled" },
          { status: "completed", finishReason: "interrupt" },
        ] as const)
          yield* offer(run(fields), turn(), "Hi")
        its.isUntitled = false
        yield* offer(answered, turn(), "Hi")
        assert.isEmpty(its.asked)
      }).pipe(Effect.provide(layer(its, [said("x")])))
    },
  )

  it.effect("is off without a provider", () => {
    const its = world()
    return Effect.gen(function* () {
      yield* offer(answered, turn(), "Hi")
      assert.isEmpty(its.asked)
    }).pipe(Effect.provide(layer(its, [said("x")], { provider: "" })))
  })

  it.effect(
    "leaves the title as it is if the provider fails, is silent or has nothing to say, or the store fails",
    () => {
      const its = world()
      return Effect.gen(function* () {
        for (let n = 0; n < 4; n++) {
          yield* offer(answered, turn(), "Hi")
          yield* TestClock.adjust("2 minutes")
          yield* settle
        }
        assert.lengthOf(its.asked, 4)
        its.fails = true
        yield* offer(answered, turn(), "Hi")
        assert.deepStrictEqual(its.titles, [])
      }).pipe(Effect.provide(layer(its, [["bug"], ["silence"], said(" \n"), [says(text("Half"))]])))
    },
  )

  it.effect("counts its tokens in the user's budget, and is not asked when that is spent", () => {
    const its = world()
    return Effect.gen(function* () {
      yield* offer(answered, turn(), "Hi")
      assert.deepStrictEqual(its.spent, [[{ day: 0, tokens: 7 }, "ana"]])
      for (let n = 0; n < 3; n++) yield* offer(answered, turn(), "Hi")
      // The second one spends the rest.
      assert.lengthOf(its.asked, 2)
    }).pipe(Effect.provide(layer(its, [said("Title")], { budget: 10 })))
  })

  it.effect("is asked for at most four sessions at once, and for no more than a hundred that wait", () => {
    const its = world()
    return Effect.gen(function* () {
      for (let n = 0; n < 150; n++)
        yield* SessionTitles.use((titles) => titles.offer(answered, turn({ orgId }), "Hi"))
      yield* settle
      assert.lengthOf(its.asked, 4)
      for (let n = 0; n < 60; n++) {
        yield* TestClock.adjust("1 second")
        yield* settle
      }
      assert.lengthOf(its.asked, 100)
      assert.lengthOf(its.titles, 100)
    }).pipe(Effect.provide(layer(its, [[says(text("Title")), 1000, finished]])))
  })
})

describe("the title in a model's answer", () => {
  it.each([
    ["Paket unterwegs", "Paket unterwegs"],
    ['  "Late parcel."  \n\nThe user asks about a parcel.', "Late parcel"],
    ["# **Late parcel**", "Late parcel"],
    ["Title: Late parcel", "Late parcel"],
    ["<think>Hm. The user…</think>\nLate parcel", "Late parcel"],
    ["「遅れた荷物」", "遅れた荷物"],
    ["¿Dónde está mi paquete?", "¿Dónde está mi paquete?"],
    ["\u202eevil", "evil"],
    ["x".repeat(200), "x".repeat(80)],
  ])("is one line without decoration: %j", (answer, title) => {
    assert.strictEqual(TitlePrompt.titleIn(answer), title)
  })

  it.each(["", " \n ", '""', "<think>only thoughts", "\u200b"])("is missing in %j", (answer) => {
    assert.isUndefined(TitlePrompt.titleIn(answer))
  })
})
