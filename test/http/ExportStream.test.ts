import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { AccessEnds } from "../../src/api/Authorization.ts"
import { MessageId } from "../../src/domain/Ids.ts"
import type { SessionOverview } from "../../src/domain/SessionOverview.ts"
import * as ExportStream from "../../src/http/ExportStream.ts"
import { ExportedMessages } from "../../src/store/ExportedMessages.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { agent, orgId, otherSessionId, principal, runId, sessionId, userId } from "../support/fixtures.ts"

const session = (id: SessionOverview["id"]): SessionOverview => ({
  id,
  orgId,
  userId,
  agentId: agent().id,
  title: "Title",
  cohort: null,
  createdAt: 0,
  updatedAt: 0,
  titleSource: "message",
  pinned: false,
  archived: true,
  status: "idle",
  activeRunId: null,
  messageCount: 3,
  runCount: 0,
})

const message = (n: number) => ({
  id: MessageId.make(`00000000-0000-7000-8000-00000000000${n}`),
  sessionId,
  runId,
  role: "user" as const,
  content: `line ${n}\n🙂`,
  parentMessageId: null,
  executionMode: null,
  createdAt: n,
  parts: [],
  attachments: [],
  feedback: null,
})

/** Two sessions of three messages on two pages each. `read` runs before the page after a message. */
const linesOf = (read: (after: number) => Effect.Effect<void, StoreError>) => {
  const lists = Layer.mock(SessionLists, {
    list: (_, { archived, before }) =>
      Effect.sync(() => {
        assert.isUndefined(archived)
        return before === undefined
          ? { entries: [session(sessionId)], next: sessionId }
          : { entries: [session(otherSessionId)], next: null }
      }),
    runs: () => Effect.succeed({ entries: [], next: null }),
  })
  const messages = Layer.mock(ExportedMessages, {
    page: (_, after) =>
      Effect.as(
        read(after),
        after === 0 ? { entries: [message(1), message(2)], next: 2 } : { entries: [message(3)], next: null },
      ),
  })
  return Effect.gen(function* () {
    const exportOf = yield* ExportStream.make
    const { body } = yield* exportOf(principal, undefined)
    assert.strictEqual(body._tag, "Stream")
    if (body._tag !== "Stream") return []
    const chunks = yield* Stream.runCollect(body.stream)
    const text = Buffer.concat(chunks).toString()
    assert.isTrue(text.endsWith("\n"))
    return (
      text
        .trimEnd()
        .split("\n")
        // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the lines
        .map((line): any => JSON.parse(line))
    )
  }).pipe(Effect.provide([lists, messages]))
}

const typesOf = (lines: ReadonlyArray<{ readonly type: string }>) => lines.map(({ type }) => type).join(" ")

describe("the lines of an export", () => {
  it.effect("are those of every session and page, and the last one counts them", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(() => Effect.void)
      const each = "session message message message"
      assert.strictEqual(typesOf(lines), `export ${each} ${each} end`)
      assert.deepStrictEqual(lines.at(-1), { type: "end", sessions: 2, messages: 6, runs: 0 })
      assert.strictEqual(lines[2].message.content, "line 1\n🙂")
    }),
  )

  it.effect("end with the error of the store, without counts", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf((after) =>
        after === 0
          ? Effect.void
          : Effect.fail(new StoreError({ operation: "ExportedMessages.page", cause: "secret" })),
      )
      assert.strictEqual(typesOf(lines), "export session message message error")
      assert.strictEqual(lines.at(-1).error.code, "OVERLOADED")
      assert.notInclude(JSON.stringify(lines.at(-1)), "secret")
    }),
  )

  it.effect("end with an error after a defect", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(() => Effect.die(new Error("secret")))
      assert.deepStrictEqual(lines.at(-1), {
        type: "error",
        error: { code: "INTERNAL_ERROR", message: "The export failed." },
      })
    }),
  )

  it.effect("end with the access of the caller", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(() => TestClock.adjust(10)).pipe(
        Effect.provideService(AccessEnds, () => 25),
      )
      assert.strictEqual(
        typesOf(lines),
        "export session message message message session message message error",
      )
      assert.strictEqual(lines.at(-1).error.code, "AUTH_TOKEN_EXPIRED")
    }),
  )
})
