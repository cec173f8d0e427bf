/**
 * Synthetic probes: a tiny execution of the gateway's own (`metadata.probe: true`) whenever the Monitor wants one. Its
 * pulse also lets time pass for the breakers when there are no turns.
 *
 * A probe is good when content shows before its deadline; the rest of it is cancelled. Neutral is an end that says nothing
 * about the runtime's health: a refusal of the probe itself, or a deadline that found the runtime thinking or planning.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { isContent } from "../protocol/agent2ui/MessageRole.ts"
import { type Agent, defaultAgentId } from "../domain/Agent.ts"
import { OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { deadlineMs, type Probe } from "../monitoring/probes/Probing.ts"
import * as Attempt from "./Attempt.ts"
import { type ExecutionError, errorPolicyOf } from "./ExecutionError.ts"
import { type ExecutionEvent, Executor, type Turn } from "./Executor.ts"
import { Modes } from "./Modes.ts"

/** The finest that the policy tells apart is a second. */
const pulse = Schedule.spaced("500 millis")

const agent: Agent = {
  id: defaultAgentId,
  orgId: null,
  settings: {
    name: "Probe",
    active: true,
    systemPrompt: "Answer with one word.",
    maxTokens: 16,
    mcpServers: [],
    subAgents: [],
  },
  createdAt: 0,
  updatedAt: 0,
}

const limits = { firstContentMs: deadlineMs, stallMs: deadlineMs, totalMs: deadlineMs }

const showsContent = (event: ExecutionEvent): boolean =>
  event._tag === "Finished" || isContent(event.draft.type)

/** A turn without a user. */
const turnOf = (id: string): Turn => ({
  runId: RunId.make(id),
  sessionId: SessionId.make(id),
  orgId: OrgId.make("crossfade-probe"),
  userId: UserId.make("crossfade-probe"),
  requestId: `probe-${id}`,
  agent,
  message: "ping",
  history: [{ role: "user", content: "ping" }],
  shadow: false,
  probe: true,
})

/** After the first event 8 s do not tell a slow plan from a hang: the runtime's own model call may take 120 s. */
const isNeutral = (error: ExecutionError): boolean =>
  errorPolicyOf(error).outcome === "neutral" ||
  error._tag === "StallTimeout" ||
  error._tag === "CallTimeout" ||
  error._tag === "TotalTimeout"

const execute = (executor: Executor["Service"], turn: Turn): Effect.Effect<"good" | "bad" | "neutral"> =>
  Attempt.run(executor, turn, { number: 1, limits, onEnd: () => Effect.void }).pipe(
    Stream.takeUntil(showsContent),
    Stream.runDrain,
    Effect.match({
      onSuccess: () => "good" as const,
      onFailure: ({ error }) => (isNeutral(error) ? "neutral" : "bad"),
    }),
  )

export const layer: Layer.Layer<never, never, Modes | Monitor | SecureRandom.SecureRandom> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const ids = yield* SecureRandom.SecureRandom
      const modes = yield* Modes
      const monitor = yield* Monitor
      const scope = yield* Effect.scope
      const [target] = modes.targets("runtime_orchestrator")
      const run = (probe: Probe) =>
        (target === undefined
          ? Effect.succeed("neutral" as const)
          : Effect.flatMap(ids.uuidV7(), (id) => execute(Context.get(target, Executor), turnOf(id)))
        ).pipe(
          Effect.onExit((exit) =>
            monitor.probeEnded(probe, exit._tag === "Success" ? exit.value : "neutral"),
          ),
        )
      // A pulse that a bug could stop would leave an open breaker open for ever.
      const beat = Effect.flatMap(monitor.takeProbe, (probe) =>
        probe === undefined ? Effect.void : Effect.forkIn(run(probe), scope),
      ).pipe(Effect.catchCause((cause) => Effect.logError("a probe was not begun", cause)))
      yield* Effect.forkScoped(Effect.repeat(beat, pulse))
    }),
  )
