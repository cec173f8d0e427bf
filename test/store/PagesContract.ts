/** The contract of pages for every adapter of the stores: bounded in entries and bytes, without gap or overlap. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { OrgId, RunId } from "../../src/domain/Ids.ts"
import { jsonBytes, type Page, pageBytes } from "../../src/domain/Page.ts"
import { type AgentPosition, Agents } from "../../src/store/Agents.ts"
import { Audit } from "../../src/store/Audit.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { Transitions } from "../../src/store/Transitions.ts"
import { pair } from "../shadow/traces.ts"
import { opened } from "./TransitionsContract.ts"
import { addPair, completed, newPrincipal, newTurn, noon, seen, settings } from "./Turns.ts"
import type { Message } from "../../src/protocol/agent2ui/Message.ts"

type Stores = Agents | Audit | Runs | Sessions | ShadowPairs | Transitions | SqlClient.SqlClient

/** All pages of a list; each is checked against the bounds. */
const pagesOf = <Entry, Key, E, R>(
  limit: number,
  read: (key: Key | undefined) => Effect.Effect<Page<Entry, Key>, E, R>,
) =>
  Effect.gen(function* () {
    const pages: Array<ReadonlyArray<Entry>> = []
    let key: Key | undefined
    do {
      const { entries, next } = yield* read(key)
      assert.isAtMost(entries.length, limit)
      if (entries.length > 1) assert.isAtMost(jsonBytes(entries), pageBytes)
      pages.push(entries)
      key = next ?? undefined
    } while (key !== undefined)
    return pages
  })

const textOf = (parts: ReadonlyArray<Message>): string =>
  parts.map((part) => (part.type === "text" ? part.data.content : "")).join("")
const text = (bytes: number) => "x".repeat(bytes)
/** Sizes of entries, newest first: two that fit together, one larger than a page, four of which three fit. */
const sizes = [400_000, 400_000, 1_500_000, 300_000, 300_000, 300_000, 300_000]
const expected = [2, 1, 3, 1]

export const pages = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Pages on ${name}`, (it) => {
    it.effect("messages are bounded in bytes, and an entry larger than a page is returned alone", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        let session = newTurn(owner).session
        const contents = sizes.map((size, n) => `${n}${text(size)}`)
        for (const [n, content] of contents.toReversed().entries()) {
          const turn = newTurn(owner, { content, ...(n === 0 ? {} : { session }) })
          session = turn.session
          yield* runs.begin(turn)
          const { ended } = completed(turn, "")
          yield* runs.end({ ...ended, status: "failed", assistantMessageId: null }, undefined)
        }
        const found = yield* pagesOf(1000, (before: number | undefined) =>
          sessions.messages(session.id, { limit: 1000, ...(before === undefined ? {} : { before }) }),
        )
        assert.deepStrictEqual(
          found.map((page) => page.length),
          expected,
        )
        assert.isTrue(
          found.flatMap((page) => page.toReversed().map(({ content }) => content)).join() === contents.join(),
        )
        const byTwo = yield* pagesOf(2, (before: number | undefined) =>
          sessions.messages(session.id, { limit: 2, ...(before === undefined ? {} : { before }) }),
        )
        assert.deepStrictEqual(
          byTwo.map((page) => page.length),
          [2, 1, 2, 2],
        )
      }),
    )

    it.effect(
      "answers are bounded with their parts, and with the part that is made of an old answer's text",
      () =>
        Effect.gen(function* () {
          const sessions = yield* Sessions
          const runs = yield* Runs
          const owner = newPrincipal()
          let session = newTurn(owner).session
          for (let n = 0; n < 6; n++) {
            const turn = newTurn(owner, n === 0 ? {} : { session })
            session = turn.session
            yield* runs.begin(turn)
            const { ended, message } = completed(turn, text(200_000))
            yield* runs.end(ended, n < 3 ? message : { ...message, parts: seen(text(200_000)).parts })
          }
          const found = yield* pagesOf(1000, (before: number | undefined) =>
            sessions.messages(session.id, { limit: 1000, ...(before === undefined ? {} : { before }) }),
          )
          const all = found.toReversed().flat()
          assert.isAbove(found.length, 2)
          assert.lengthOf(all, 12)
          assert.isTrue(all.every(({ content, parts, role }) => role === "user" || textOf(parts) === content))
        }),
    )

    it.effect("the database sends no more of a session than the page", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const turn = newTurn(owner)
        yield* (yield* Runs).begin(turn)
        const rows = Arr.makeBy(500, (n) => ({
          id: uuidV7Unsafe(),
          session_id: turn.session.id,
          run_id: turn.run.id,
          role: "user",
          content: JSON.stringify(text(100_000)),
          parent_message_id: null,
          execution_mode: null,
          created_at: noon,
          seq: n + 2,
        }))
        yield* sql`INSERT INTO messages ${sql.insert(rows)}`
        const { entries, next } = yield* (yield* Sessions).messages(turn.session.id, { limit: 1000 })
        assert.strictEqual(entries.length, 10)
        assert.strictEqual(next, 492)
      }),
    )

    it.effect("a branch is bounded in bytes, and always includes its end", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const runs = yield* Runs
        const owner = newPrincipal()
        let session = newTurn(owner).session
        const bytes = [9_000_000, 5_000_000, 3_000_000, 9_000_000]
        const branches: Array<ReadonlyArray<number>> = []
        let parentMessageId: ReturnType<typeof newTurn>["userMessage"]["id"] | null = null
        for (const [n, size] of bytes.entries()) {
          const turn = newTurn(owner, { content: "q", ...(n === 0 ? {} : { session }) })
          session = turn.session
          yield* runs.begin({ ...turn, userMessage: { ...turn.userMessage, parentMessageId } })
          const { ended, message } = completed(turn, text(size))
          yield* runs.end(ended, message)
          parentMessageId = message.id
          const branch = yield* sessions.branch(session.id)
          branches.push(branch.map(({ content }) => content.length))
        }
        assert.deepStrictEqual(branches, [[9_000_000], [5_000_000], [1, 3_000_000], [9_000_000]])
      }),
    )

    it.effect("agents are listed from the oldest, also if several have the same millisecond", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const { orgId } = newPrincipal()
        const made = yield* Effect.forEach(sizes, (_, n) =>
          agents.create(orgId, { ...settings(`${n}`), systemPrompt: text(90_000) }, 100),
        )
        const found = yield* pagesOf(2, (after: AgentPosition | undefined) =>
          agents.list(orgId, { limit: 2, ...(after === undefined ? {} : { after }) }),
        )
        const own = found.flat().filter((agent) => agent.orgId !== null)
        assert.deepStrictEqual(
          own.map(({ id }) => id),
          made.map(({ id }) => id),
        )
      }),
    )

    it.effect("audit entries are bounded in bytes", () =>
      Effect.gen(function* () {
        const audit = yield* Audit
        for (const size of sizes.toReversed())
          yield* audit.add({
            at: noon,
            by: { orgId: OrgId.make("o"), userId: "u", requestId: null },
            action: "pages.test",
            reason: null,
            before: text(size / 2),
            after: text(size / 2),
          })
        const found = yield* pagesOf(200, (before: Parameters<typeof audit.list>[0]["before"]) =>
          audit.list({ limit: 200, ...(before === undefined ? {} : { before }) }),
        )
        assert.deepStrictEqual(
          found.slice(0, 3).map((page) => page.length),
          expected.slice(0, 3),
        )
      }),
    )

    it.effect("pairs of shadow runs are bounded in bytes", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = OrgId.make(uuidV7Unsafe())
        for (const size of sizes.toReversed())
          yield* addPair({
            ...pair(0, { createdAt: noon, orgId }),
            primary: { ...pair(0).primary, text: text(size) },
            runId: RunId.make(uuidV7Unsafe()),
          })
        const found = yield* pagesOf(500, (before: RunId | undefined) =>
          pairs.page({ orgId }, { limit: 500, before }),
        )
        assert.deepStrictEqual(
          found.map((page) => page.length),
          expected,
        )
      }),
    )

    it.effect("transitions are read page by page, newest first", () =>
      Effect.gen(function* () {
        const transitions = yield* Transitions
        for (let n = 0; n < 7; n++) yield* transitions.add(opened(n, OrgId.make("pages")))
        const found = yield* pagesOf(3, (before: Parameters<typeof transitions.list>[0]["before"]) =>
          transitions.list({ limit: 3, ...(before === undefined ? {} : { before }) }),
        )
        const own = found.flat().filter(({ orgId }) => orgId === "pages")
        assert.deepStrictEqual(
          own.map(({ reason }) => reason),
          [6, 5, 4, 3, 2, 1, 0].map((n) => `the ${n}th`),
        )
      }),
    )
  })
