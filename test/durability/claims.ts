/**
 * The acknowledgements that clients got, each with its place in the journal and the state that it promises. An image
 * of a later crash must have this state.
 */
import type { Entry } from "../support/disk/journal.ts"
import type { StoredRows } from "./storedRows.ts"

export interface Claim {
  /** The first entry of the journal with bytes of the acknowledgement. */
  readonly at: number
  readonly name: string
  readonly holds: (rows: StoredRows) => boolean
}

/** The places in the journal of all that the gateway sent to clients. */
export interface Sent {
  /** The head of the answer to a request, by its `X-Request-ID`. */
  readonly heads: ReadonlyMap<string, number>
  /** The head of a run's stream, by the run's id. */
  readonly accepted: ReadonlyMap<string, number>
  /** `done` or `error` of a run, by the run's id. */
  readonly ended: ReadonlyMap<string, number>
}

const head = /^HTTP\/1\.1 \d+ [\s\S]*?\r\n\r\n/
const ending = /id: ([0-9a-f-]{36}):\d+\nevent: (?:done|error)\n/g

export const sentIn = (entries: ReadonlyArray<Entry>): Sent => {
  const sent = {
    heads: new Map<string, number>(),
    accepted: new Map<string, number>(),
    ended: new Map<string, number>(),
  }
  const first = (places: Map<string, number>, id: string | undefined, at: number) => {
    if (id !== undefined && !places.has(id)) places.set(id, at)
  }
  for (const [at, entry] of entries.entries()) {
    if (entry.kind !== "sent") continue
    const text = entry.bytes.toString("latin1")
    const answer = head.exec(text)?.[0]
    if (answer !== undefined) {
      first(sent.heads, /\r\nx-request-id: (\S+)/i.exec(answer)?.[1], at)
      first(sent.accepted, /\r\nx-run-id: (\S+)/i.exec(answer)?.[1], at)
    }
    for (const [, runId] of text.matchAll(ending)) first(sent.ended, runId, at)
  }
  return sent
}

/** The gateway's promises to the clients of a load. */
export type Promised =
  | {
      readonly kind: "turn"
      readonly runId: string
      readonly sessionId: string
      readonly message: string
    }
  | { readonly kind: "answer"; readonly runId: string; readonly sessionId: string; readonly text: string }
  | {
      readonly kind: "title"
      readonly requestId: string
      readonly sessionId: string
      readonly title: string
    }
  | { readonly kind: "deletion"; readonly requestId: string; readonly sessionId: string }
  | { readonly kind: "file"; readonly requestId: string; readonly fileId: string; readonly bytes: Buffer }

/** Throws if the journal lacks an acknowledgement that a client got. A deletion may take effect before its answer. */
export const claimsOf = (promised: ReadonlyArray<Promised>, sent: Sent): ReadonlyArray<Claim> => {
  const deleted = new Set(promised.flatMap((one) => (one.kind === "deletion" ? [one.sessionId] : [])))
  const ends = [...sent.ended].map(([runId, at]): Claim => ({
    at,
    name: `the end of run ${runId}`,
    holds: ({ runs }) => runs.get(runId) !== "running",
  }))
  const claims = promised.flatMap((one): ReadonlyArray<Claim> =>
    one.kind !== "deletion" && "sessionId" in one && deleted.has(one.sessionId) ? [] : [claimOf(one, sent)],
  )
  return [...ends, ...claims]
}

/** The key must not be lost after the first request, which may store a credential. */
export const keyClaim = (dataKey: string, sent: Sent): Claim => ({
  at: Math.min(...sent.heads.values()),
  name: "the data key",
  holds: (rows) => rows.dataKey === dataKey,
})

const claimOf = (promised: Promised, sent: Sent): Claim => {
  const place = (places: ReadonlyMap<string, number>, id: string): number => {
    const at = places.get(id)
    if (at === undefined) throw new Error(`the journal has no ${promised.kind} ${id}`)
    return at
  }
  switch (promised.kind) {
    case "turn": {
      const { message, runId, sessionId } = promised
      return {
        at: place(sent.accepted, runId),
        name: `the user's message of run ${runId}`,
        holds: ({ messages, runs, sessions }) =>
          messages.get(`${runId} user`) === message && runs.has(runId) && sessions.has(sessionId),
      }
    }
    case "answer": {
      const { runId, text } = promised
      return {
        at: place(sent.ended, runId),
        name: `the assistant's message of run ${runId}`,
        holds: ({ messages, runs }) =>
          messages.get(`${runId} assistant`) === text && runs.get(runId) === "completed",
      }
    }
    case "title": {
      const { requestId, sessionId, title } = promised
      const at = place(sent.heads, requestId)
      return { at, name: title, holds: ({ sessions }) => sessions.get(sessionId) === title }
    }
    case "deletion": {
      const { requestId, sessionId } = promised
      const at = place(sent.heads, requestId)
      return {
        at,
        name: `the deletion of session ${sessionId}`,
        holds: ({ sessions }) => !sessions.has(sessionId),
      }
    }
    case "file": {
      const { bytes, fileId, requestId } = promised
      const at = place(sent.heads, requestId)
      return { at, name: `file ${fileId}`, holds: ({ files }) => files.get(fileId)?.equals(bytes) === true }
    }
  }
}
