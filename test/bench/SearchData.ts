/**
 * A large store for the search, the same on both databases: 20 000 users with ten sessions of ten messages, and one
 * user with a thousand sessions. Words have the frequencies of natural language (Zipf); one session of twenty is Chinese.
 * It writes rows in bulk, with the tokens that the indexer would write.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { OrgId, UserId } from "../../src/domain/Ids.ts"
import { indexText } from "../../src/store/SearchTokens.ts"

const users = Number(process.env["USERS"] ?? 20_000)
const sessionsOfUser = 10
const messagesOfSession = 10
const largeSessions = 1000
const startMs = Date.UTC(2026, 8, 1)
const dayMs = 86_400_000

export const owner = (user: number) => ({
  orgId: OrgId.make(`org-${user % 200}`),
  userId: UserId.make(`user-${user}`),
})
/** The user with 10 000 messages. */
export const largeUser = users

/** A generator of pseudo-random numbers (mulberry32), so that each run has the same data. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

const syllables =
  "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu".split(
    " ",
  )

/** The word of a rank: frequent words are short. */
export const wordOf = (rank: number): string => {
  let word = ""
  for (let rest = rank + 45; rest > 0; rest = Math.floor(rest / 45)) word += syllables[rest % 45]
  return word
}

/** Zipf's law over `ranks` ranks: the inverse of its distribution, approximated by a logarithm. */
const rankOf = (ranks: number, share: number): number => Math.floor(ranks ** share) - 1

const vocabulary = 40_000
const ideographs = 3000

export interface Row {
  readonly id: string
  readonly session: string
  readonly run: string
  readonly role: "assistant" | "user"
  readonly content: string
  readonly at: number
  readonly seq: number
  readonly words: string
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0")
/** A version 7 id from its creation time, a kind and a number. */
const idOf = (at: number, kind: number, number: number) => {
  const time = hex(at, 12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(kind, 3)}-8000-${hex(number, 12)}`
}

const textOf = (next: () => number, isChinese: boolean, length: number): string =>
  isChinese
    ? Array.from({ length: 2 * length }, () => String.fromCharCode(0x4e00 + rankOf(ideographs, next()))).join(
        "",
      )
    : Array.from({ length }, () => wordOf(rankOf(vocabulary, next()))).join(" ")

/** Each session with its messages; the sessions of all users are spread over 90 days. */
export function* sessionsOfAll() {
  const next = random(1)
  const all = users * sessionsOfUser + largeSessions
  const each = Math.ceil(all / largeSessions)
  for (let n = 0; n < all; n++) {
    const isLarge = n % each === 0
    const user = isLarge ? largeUser : Math.floor(next() * users)
    const at = startMs + Math.floor((n / all) * 90 * dayMs)
    const session = idOf(at, 1, n)
    const isChinese = n % 20 === 7 || (isLarge && (n / each) % 4 === 0)
    const rows = Array.from({ length: messagesOfSession }, (_, seq): Row => {
      const content = textOf(next, isChinese, seq % 2 === 0 ? 12 : 80)
      const own = { id: idOf(at + seq, 3, n * messagesOfSession + seq), session, run: idOf(at, 2, n) }
      const role = seq % 2 === 0 ? "user" : "assistant"
      return { ...own, role, content, at: at + seq, seq, words: indexText(owner(user), content) }
    })
    yield { id: session, run: idOf(at, 2, n), user, at, rows }
  }
}

const insertAll = (
  sql: SqlClient.SqlClient,
  sessions: ReadonlyArray<object>,
  messages: ReadonlyArray<object>,
) => {
  const of = (rows: ReadonlyArray<object>, columns: Readonly<Record<string, string>>) =>
    sql.onDialectOrElse({
      pg: () =>
        sql`json_to_recordset(${JSON.stringify(rows)}::json) AS r (${sql.literal(
          Object.entries(columns)
            .map(([name, type]) => `"${name}" ${type}`)
            .join(", "),
        )})`,
      orElse: () =>
        sql`(SELECT ${sql.literal(
          Object.keys(columns)
            .map((name) => `value ->> '${name}' AS "${name}"`)
            .join(", "),
        )} FROM json_each(${JSON.stringify(rows)})) AS r`,
    })
  const session = { id: "text", run: "text", org: "text", user: "text", at: "bigint" }
  const message = {
    n: "bigint",
    id: "text",
    session: "text",
    run: "text",
    role: "text",
    content: "text",
    at: "bigint",
    seq: "bigint",
    words: "text",
  }
  return [
    sql`INSERT INTO sessions (id, org_id, user_id, agent_id, title, created_at, updated_at)
      SELECT r.id, r.org, r."user", ${defaultAgentId}, '"A session"', r.at, r.at FROM ${of(sessions, session)}`,
    sql`INSERT INTO runs (id, session_id, org_id, user_id, agent_id, user_message_id, status, decision, created_at)
      SELECT r.run, r.id, r.org, r."user", ${defaultAgentId}, r.id, 'completed', '{}', r.at FROM ${of(sessions, session)}`,
    sql`INSERT INTO messages (id, session_id, run_id, role, content, created_at, seq, indexed)
      SELECT r.id, r.session, r.run, r.role, r.content, r.at, r.seq, 1 FROM ${of(messages, message)}`,
    ...sql.onDialectOrElse({
      pg: () => [
        sql`INSERT INTO search_docs (session_id, message_id, at, words)
          SELECT r.session, r.id, r.at, array_to_tsvector(string_to_array(r.words, ' ')) FROM ${of(messages, message)}`,
      ],
      orElse: () => [
        sql`INSERT INTO search_docs (id, session_id, message_id, at) SELECT r.n, r.session, r.id, r.at FROM ${of(messages, message)}`,
        sql`INSERT INTO search_words (rowid, words) SELECT r.n, r.words FROM ${of(messages, message)}`,
        sql`INSERT INTO search_words (search_words, rank) VALUES ('merge', 4000)`,
      ],
    }),
  ]
}

const sessionsAStep = 200

export const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  let sessions: Array<object> = []
  let messages: Array<object> = []
  let n = 0
  const flush = Effect.suspend(() => {
    const statements = insertAll(sql, sessions, messages)
    sessions = []
    messages = []
    return sql.withTransaction(
      Effect.forEach(statements, (statement) => statement.unprepared, { discard: true }),
    )
  })
  for (const { at, id, rows, run, user } of sessionsOfAll()) {
    const { orgId, userId } = owner(user)
    sessions.push({ id, run, org: orgId, user: userId, at })
    for (const row of rows) messages.push({ ...row, n: ++n, content: JSON.stringify(row.content) })
    if (sessions.length === sessionsAStep) yield* flush
  }
  yield* flush
  return n
})
