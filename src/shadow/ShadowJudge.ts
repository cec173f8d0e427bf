/**
 * An optional third opinion on pairs with different texts: a direct provider judges which answer is better. One
 * question at a time and a few per minute; pairs in between are not judged. No turn waits for it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { ShadowPair } from "../domain/ShadowPair.ts"
import { Executor, type Turn } from "../execution/Executor.ts"
import { Modes } from "../execution/Modes.ts"
import { ShadowPairs } from "../store/ShadowPairs.ts"
import * as JudgePrompt from "./JudgePrompt.ts"
import * as ShadowAttempt from "./ShadowAttempt.ts"
import { ShadowLedger } from "./ShadowLedger.ts"
import * as Measure from "../telemetry/Measure.ts"

/** Ten per minute: thirty verdicts, enough for a clear winner, take a few minutes at negligible cost. */
const millisBetween = 6000
const limits = { firstContentMs: 30_000, stallMs: 15_000, totalMs: 60_000 }

interface JudgeRequest {
  readonly pair: ShadowPair
  readonly turn: Turn
  readonly primary: string
  readonly shadow: string
}

export class ShadowJudge extends Context.Service<
  ShadowJudge,
  { readonly offer: (request: JudgeRequest) => Effect.Effect<void> }
>()("crossfade/shadow/ShadowJudge") {
  /** `provider`: the name of a direct provider; empty: no pair is judged. */
  static readonly layer = (
    provider: string,
  ): Layer.Layer<ShadowJudge, never, Modes | ShadowLedger | ShadowPairs> =>
    Layer.effect(ShadowJudge, make(provider))
}

/** The judge's own turn. It keeps the agent, which may name a model, but none of the agent's other settings. */
const judgeTurn = (request: JudgeRequest, swapped: boolean): Turn => {
  const { turn } = request
  const settings = {
    name: "Judge",
    active: true,
    systemPrompt: JudgePrompt.instructions,
    temperature: 0,
    mcpServers: [],
    subAgents: [],
  }
  const message = JudgePrompt.prompt({ ...request, message: turn.message }, swapped)
  return {
    ...turn,
    agent: { ...turn.agent, settings },
    message,
    history: [{ role: "user", content: message }],
  }
}

const needsJudge = ({ differs, primaryMode, shadowMode }: ShadowPair): boolean =>
  primaryMode !== shadowMode && differs.includes("text")

const make = Effect.fnUntraced(function* (provider: string) {
  const pairs = yield* ShadowPairs
  const ledger = yield* ShadowLedger
  const modes = yield* Modes
  const scope = yield* Effect.scope
  const judges = modes.targets("direct_llm").map((context) => Context.get(context, Executor))
  const executor = judges.find(({ target }) => target === provider)
  let nextAt = Number.NEGATIVE_INFINITY
  let asking = false

  const ask = Effect.fnUntraced(function* (judge: Executor["Service"], request: JudgeRequest) {
    const { agentId, orgId, runId } = request.pair
    const swapped = yield* Random.nextBoolean
    const progress = new ShadowAttempt.AttemptProgress()
    yield* ShadowAttempt.run(judge, judgeTurn(request, swapped), {
      limits,
      progress,
      onAttempt: () => Effect.void,
    })
    const tokens = progress.attempt?.usage?.tokens ?? 0
    yield* ledger.record({ orgId, agentId, mode: "direct_llm", ending: "judged", tokens, estimatedTokens: 0 })
    if (progress.attempt?.outcome !== "success") return
    const verdict = JudgePrompt.verdictOf(progress.tracer.text, swapped)
    yield* Measure.shadowJudged(verdict)
    yield* pairs.judge(runId, { verdict, tokens })
  })

  const offer: ShadowJudge["Service"]["offer"] = (request) =>
    Clock.clockWith((clock) => {
      const now = monotonicMillis(clock)
      if (executor === undefined || asking || now < nextAt || !needsJudge(request.pair)) return Effect.void
      asking = true
      nextAt = now + millisBetween
      const asked = ask(executor, request).pipe(
        Effect.catchCause((cause) => Effect.logWarning("a pair was not judged", cause)),
        Effect.ensuring(Effect.sync(() => (asking = false))),
      )
      return Effect.asVoid(Effect.forkIn(asked, scope))
    })

  return ShadowJudge.of({ offer })
})
