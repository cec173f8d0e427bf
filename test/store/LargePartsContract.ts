/** The parts of the largest answers on every adapter: stored, and read back within the limit of a page. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { jsonBytes, pageBytes } from "../../src/domain/Page.ts"
import type { Draft, Message } from "../../src/protocol/agent2ui/Message.ts"
import * as PartsLimit from "../../src/runs/PartsLimit.ts"
import { maxBytes } from "../../src/runs/RunLog.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { Messages } from "../../src/store/Messages.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { completed, newPrincipal, newTurn, noon } from "./Turns.ts"

const textOf = (parts: ReadonlyArray<Message>): string =>
  parts.map((part) => (part.type === "text" ? part.data.content : "")).join("")

const tableOf = (rows: number): Draft => ({
  type: "table",
  data: {
    columns: [{ key: "name", title: "Name" }],
    rows: Array.from({ length: rows }, (_, n) => ({ name: `row ${n} ${"é".repeat(40)}` })),
  },
})

/** Stores the answer between two short turns of its session, and reads it by all ways. */
const storedAndRead = Effect.fnUntraced(function* (drafts: ReadonlyArray<Draft>) {
  const runs = yield* Runs
  const sessions = yield* Sessions
  const owner = newPrincipal()
  const turn = newTurn(owner)
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft, noon)
  const parts = PartsLimit.limited(turn.run.id, transcript.parts(turn.run.id))
  yield* runs.begin(turn)
  const { ended, message } = completed(turn, transcript.text)
  yield* runs.end(ended, { ...message, parts })
  const next = newTurn(owner, { session: turn.session, content: "next" })
  yield* runs.begin({ ...next, userMessage: { ...next.userMessage, parentMessageId: message.id } })
  const pages: Array<ReadonlyArray<Message>> = []
  for (let before: number | undefined; ;) {
    const from = before === undefined ? {} : { before }
    const page = yield* sessions.messages(turn.session.id, { limit: 1000, ...from })
    assert.isTrue(page.entries.length === 1 || jsonBytes(page.entries) <= pageBytes)
    pages.push(...page.entries.filter(({ id }) => id === message.id).map((entry) => entry.parts))
    if (page.next === null) break
    before = page.next
  }
  const path = yield* (yield* Messages).path(turn.session.id, message.id, { limit: 1000 })
  const expired = yield* runs.expiredParts(ended)
  return { parts, text: transcript.text, read: [...pages, path.entries.at(-1)?.parts, expired] }
})

export const largeParts = (name: string, layer: Layer.Layer<Messages | Runs | Sessions, unknown>) =>
  withLayer(layer)(`Large parts on ${name}`, (it) => {
    it.effect("100 000 chunks of 16 MiB come back as one text, whole", () =>
      Effect.gen(function* () {
        const chunk = "é".repeat(83)
        const drafts = Array.from({ length: 100_000 }, (_, n): Draft => ({
          type: "text",
          data: { content: `${n % 1000}${chunk} ` },
        }))
        const { parts, read, text } = yield* storedAndRead(drafts)
        assert.isAtLeast(Buffer.byteLength(text), maxBytes)
        assert.lengthOf(parts, 1)
        assert.lengthOf(read, 3)
        for (const found of read) assert.isTrue(found?.length === 1 && textOf(found) === text)
      }),
    )

    it.effect("tables of 5 MiB come back within the limit, with all texts and a notice", () =>
      Effect.gen(function* () {
        const drafts = Array.from({ length: 50 }, (_, n): ReadonlyArray<Draft> => [
          { type: "text", data: { content: `before table ${n} ` } },
          tableOf(1000 + 10 * n),
        ]).flat()
        assert.isAtLeast(jsonBytes(drafts), 5 * 1024 * 1024)
        const { parts, read } = yield* storedAndRead(drafts)
        const texts = Array.from({ length: 50 }, (_, n) => `before table ${n} `).join("")
        assert.strictEqual(textOf(parts), texts)
        assert.isAtMost(jsonBytes(parts), PartsLimit.mostBytes + 1000)
        assert.isAtLeast(parts.filter(({ type }) => type === "table").length, 35)
        const notice = parts.at(-1)
        assert.isTrue(notice?.type === "error" && notice.data.code === "PARTS_TOO_LARGE")
        assert.lengthOf(read, 3)
        for (const found of read) assert.deepStrictEqual(found, parts)
      }),
    )
  })
