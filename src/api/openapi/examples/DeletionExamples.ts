/** The examples of deletion and erasure. */
import type { JsonObject } from "../Schemas.ts"
import type { Examples, ExamplesByOperation } from "./ExamplesByOperation.ts"

const sessionId = "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b"
const messageId = "019a5c5e-7b21-7e10-b0a4-7c3d1e5f9a2b"

const erasure = {
  id: "019a5c5e-7b40-7f00-8a10-2b3c4d5e6f70",
  orgId: "acme",
  userId: "ana",
  requestedBy: { orgId: "acme", userId: "olga", requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" },
  status: "running",
  progress: {
    sessions: 12,
    messages: 148,
    runs: 74,
    files: 3,
    apiKeys: 0,
    agents: 0,
    failures: 0,
    lastFailure: null,
  },
  createdAt: 1764489600000,
  updatedAt: 1764489602000,
  endedAt: null,
}
const pending = {
  ...erasure,
  status: "pending",
  progress: { ...erasure.progress, sessions: 0, messages: 0, runs: 0, files: 0 },
  updatedAt: erasure.createdAt,
}

const answer = (data: JsonObject): Examples => ({ response: { example: { value: { success: true, data } } } })

export const deletionExamples: ExamplesByOperation = {
  deletionSession: answer({ sessionId, deleted: true, restorableUntil: null }),
  deletionRestoreSession: answer({ sessionId, restored: true }),
  deletionMessage: answer({ messageId, deleted: true, restorableUntil: 1767081600000 }),
  deletionRestoreMessage: answer({ messageId, restored: true }),
  deletionUser: answer(pending),
  deletionOrganisation: answer({ ...pending, userId: null }),
  deletionErasures: answer({ erasures: [erasure], nextCursor: null, hasMore: false }),
  deletionErasure: answer(erasure),
}
