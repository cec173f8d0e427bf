/**
 * A walk through the stores that sends each statement of conversations at least once: turns, lists, branches, search,
 * feedback, files, operators' lists, exports, deletion, retention, purge and erasure.
 */
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { FileId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { CohortRuns } from "../../src/store/CohortRuns.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import { Erasures } from "../../src/store/Erasures.ts"
import { ExportedMessages } from "../../src/store/ExportedMessages.ts"
import { FeedbackStore } from "../../src/store/FeedbackStore.ts"
import { Files } from "../../src/store/Files.ts"
import { Messages } from "../../src/store/Messages.ts"
import { OperatorRuns, type RunFilter } from "../../src/store/OperatorRuns.ts"
import { Purge } from "../../src/store/Purge.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import { Retention } from "../../src/store/Retention.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search } from "../../src/store/Search.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { attempt, completed, newTurn, textEntries, type Turn } from "./Turns.ts"

const quotas = { pendingFiles: 10, pendingBytes: 10_000, orgBytes: 10_000 }

const file = ({ orgId, userId }: Principal) => ({
  fileId: FileId.make(randomUUID()),
  ...{ orgId, userId, filename: "a.txt", mediaType: "text/plain", kind: "text" as const },
  ...{ bytes: 10, sha256: "00", sessionId: null, createdAt: Date.now() },
})

/** A turn with a file, a key and an answer. */
const turn = Effect.fnUntraced(function* (principal: Principal, of: Partial<Turn> & { at: number }) {
  const runs = yield* Runs
  const used = file(principal)
  yield* (yield* Files).add([used], quotas)
  const made = newTurn(
    principal,
    of.session === undefined ? { at: of.at } : { at: of.at, session: of.session },
  )
  const key = { key: randomUUID(), request: "request" }
  yield* runs.begin({ ...made, key, userMessage: { ...made.userMessage, attachments: [used] } })
  const { ended, message } = completed(made, "The answer about the invoices.")
  const rest = { attempts: [attempt(1, false)], entries: textEntries(1, 48) }
  yield* runs.end(ended, message, rest, { day: 1, tokens: 7 })
  return { session: made.session, run: ended, question: made.userMessage, answer: message }
})

const all = { orgId: null, agents: null }

/** Each filter alone, and those that one index does not serve together. */
const filtersOf = ({ run }: { readonly run: Turn["run"] }): ReadonlyArray<RunFilter> => [
  {},
  { org: run.orgId },
  { org: run.orgId, user: run.userId },
  { user: run.userId },
  { session: run.sessionId },
  { session: run.sessionId, org: run.orgId, user: run.userId },
  { traceId: "0".repeat(32) },
  { agent: run.agentId },
  { mode: "direct_llm", status: "failed" },
  { code: "LLM_UNAVAILABLE" },
  { reason: "percentage", org: run.orgId },
  { from: run.createdAt - 1000, to: run.createdAt + 1000 },
  { feedback: "down" },
]

const reads = Effect.fnUntraced(function* (
  principal: Principal,
  first: Effect.Success<ReturnType<typeof turn>>,
) {
  const { answer, question, run, session } = first
  const [lists, sessions, messages] = [yield* SessionLists, yield* Sessions, yield* Messages]
  const [operators, runs] = [yield* OperatorRuns, yield* Runs]
  for (const order of ["activity", "created"] as const)
    for (const archived of [false, true, undefined])
      yield* lists.list(principal, { order, limit: 20, ...(archived === undefined ? {} : { archived }) })
  yield* lists.counts(principal)
  yield* lists.update(principal, session.id, { title: "Another title", pinned: true })
  yield* lists.runs(session.id, { limit: 20 })
  yield* lists.positionOf(session.id, answer.id)
  yield* lists.titleByModel(session.id, "A title")
  yield* sessions.get(principal, session.id)
  yield* sessions.ofClient(principal, "a client's id")
  yield* sessions.messages(session.id, { limit: 20 })
  yield* sessions.branch(session.id)
  yield* sessions.branch(session.id, answer.id)
  yield* sessions.tree(session.id)
  yield* messages.find(principal, answer.id)
  yield* messages.path(session.id, "latest", { limit: 20 })
  yield* messages.path(session.id, answer.id, { limit: 20 })
  yield* messages.path(session.id, answer.id, { limit: 20, before: 2 })
  yield* messages.leafOf(question.id)
  yield* (yield* ExportedMessages).page(session.id, 0)
  yield* runs.get(principal, run.id)
  yield* runs.events(run.id, 10)
  yield* runs.expiredParts(run)
  yield* runs.deleted([run.id])
  for (const filter of filtersOf(first)) yield* operators.list(all, filter, { limit: 20 })
  yield* operators.get(all, run.id)
  yield* operators.messages(run)
  yield* (yield* CohortRuns).ratings({ since: 0, gaps: [] })
})

const searches = Effect.fnUntraced(function* (principal: Principal) {
  const { find, indexNext } = yield* Search
  yield* indexNext
  for (const text of ["invoices", "the invo"]) {
    const query = parseQuery(text)
    if (query !== undefined) yield* find(principal, query, { archived: false }, { limit: 20, messages: 3 })
  }
})

const feedback = Effect.fnUntraced(function* (
  principal: Principal,
  { answer }: Effect.Success<ReturnType<typeof turn>>,
) {
  const { get, ofMessages, put, withdraw } = yield* FeedbackStore
  const given = { rating: "up", score: null, comment: null } as const
  yield* put(principal, answer.id, given, 1)
  yield* get(principal, answer.id)
  yield* ofMessages([answer.id])
  yield* withdraw(principal, answer.id)
  yield* put(principal, answer.id, given, 1)
})

/** All that is due is removed, step by step. */
const purge = Effect.fnUntraced(function* (now: number) {
  const { files, isDue, removeFiles, step } = yield* Purge
  yield* isDue(now)
  while ((yield* step(now)) !== undefined);
  const removed = yield* files(now)
  if (removed.length > 0) yield* removeFiles(removed)
})

const deletion = Effect.fnUntraced(function* (principal: Principal, at: number) {
  const deletions = yield* Deletions
  const one = yield* turn(principal, { at })
  const two = yield* turn(principal, { at: at + 10, session: { ...one.session, updatedAt: at + 10 } })
  yield* deletions.deleteMessage(principal, two.question.id, at + 20)
  yield* deletions.restoreMessage(principal, two.question.id, at)
  yield* deletions.deleteMessage(principal, two.question.id, at + 20)
  yield* deletions.deleteSession(principal, one.session.id, at + 30)
  yield* deletions.restoreSession(principal, one.session.id, at)
  yield* deletions.deleteSession(principal, one.session.id, at + 40)
  yield* deletions.running
  yield* purge(at + 50)
  yield* deletions.deleteSession(principal, one.session.id, at + 60)
})

const retention = Effect.fnUntraced(function* (principal: Principal, now: number) {
  const { deleteEvents, deleteIds, deleteKeys, deleteMessages, deleteSpend } = yield* Retention
  yield* deleteEvents(now - 1000, undefined)
  yield* deleteKeys(now - 1000)
  yield* deleteIds(now)
  yield* deleteSpend(1)
  yield* deleteMessages({ orgId: principal.orgId }, now - 1000, undefined)
  yield* deleteMessages({ except: ["others"] }, now - 1000, undefined)
  yield* (yield* Files).deleteUnused(now - 86_400_000)
  const replicas = yield* Replicas
  yield* replicas.remove([])
  yield* replicas.running(now)
})

const erasure = Effect.fnUntraced(function* (principal: Principal, now: number) {
  const [deletions, erasures, files] = [yield* Deletions, yield* Erasures, yield* Files]
  yield* files.add([file(principal)], quotas)
  yield* files.list(principal, { limit: 20 })
  for (const userId of [principal.userId, null]) {
    const by = { orgId: principal.orgId, userId: principal.userId, requestId: null }
    const job = yield* erasures.request({ orgId: principal.orgId, userId }, { at: now, by })
    yield* erasures.open
    yield* erasures.list(principal.orgId, { limit: 20 })
    while ((yield* deletions.deleteSome(job)) !== undefined);
    yield* purge(now)
    yield* erasures.eraseRest(job, now)
    yield* purge(now)
    yield* erasures.complete(job, now)
  }
})

export const everyStatement = Effect.fnUntraced(function* (principal: Principal) {
  const now = Date.now() - 10_000
  const first = yield* turn(principal, { at: now - 5000 })
  yield* turn(principal, { at: now, session: { ...first.session, updatedAt: now } })
  yield* feedback(principal, first)
  yield* reads(principal, first)
  yield* searches(principal)
  yield* deletion(principal, now + 100)
  yield* retention(principal, now + 1000)
  yield* erasure(principal, now + 2000)
})
