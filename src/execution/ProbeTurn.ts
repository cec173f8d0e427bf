/** A tiny execution by the gateway itself, without a user (`metadata.probe: true`). */
import * as Effect from "effect/Effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Stream from "effect/Stream"
import { defaultAgentId } from "../domain/Agent.ts"
import { MessageId, OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import * as Policy from "../monitoring/Policy.ts"
import { isContent } from "../protocol/agent2ui/MessageRole.ts"
import * as Attempt from "./Attempt.ts"
import type { ExecutionError } from "./ExecutionError.ts"
import type { ExecutionEvent, Executor, Turn } from "./Executor.ts"

const { probeDeadlineMs: deadlineMs } = Policy.defaultPolicy
const limits = { firstContentMs: deadlineMs, stallMs: deadlineMs, totalMs: deadlineMs }

const showsContent = (event: ExecutionEvent): boolean =>
  event._tag === "Finished" || isContent(event.draft.type)

/** The limit of an answer, unless a caller needs another one. */
export const defaultTokens = 16

const turnOf = (id: string, maxTokens: number): Turn => ({
  runId: RunId.make(id),
  sessionId: SessionId.make(id),
  orgId: OrgId.make("crossfade-probe"),
  userId: UserId.make("crossfade-probe"),
  requestId: `probe-${id}`,
  agent: {
    id: defaultAgentId,
    orgId: null,
    settings: {
      name: "Probe",
      active: true,
      systemPrompt: "Answer with one word.",
      maxTokens,
      mcpServers: [],
      subAgents: [],
    },
    createdAt: 0,
    updatedAt: 0,
  },
  messageId: MessageId.make(id),
  past: [],
  message: "ping",
  attachments: [],
  history: [{ role: "user", content: "ping" }],
  shadow: false,
  probe: true,
})

/** Ends at the first content; the rest of the answer is cancelled. */
export const run = (
  executor: Executor["Service"],
  maxTokens: number,
): Effect.Effect<void, ExecutionError, SecureRandom.SecureRandom> =>
  Effect.gen(function* () {
    const ids = yield* SecureRandom.SecureRandom
    const turn = turnOf(yield* ids.uuidV7(), maxTokens)
    const attempt = Attempt.run(executor, turn, { number: 1, limits, onEnd: () => Effect.void })
    yield* Stream.runDrain(Stream.takeUntil(attempt, showsContent))
  }).pipe(Effect.mapError(({ error }) => error))
