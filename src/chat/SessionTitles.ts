/**
 * Optional titles by a model: after the first answer of a session, a direct provider names it. In the background; no turn
 * waits for it, and a failure leaves the title as it is.
 *
 * The process that ran the turn asks once. It writes the title only if neither a model nor the user has named the session.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { TokenBudgets } from "../admission/TokenBudgets.ts"
import { withMarks } from "../domain/PromptFile.ts"
import type { Run } from "../domain/Run.ts"
import { estimateTextTokens } from "../domain/TokenEstimate.ts"
import { Executor, type Turn } from "../execution/Executor.ts"
import { Modes } from "../execution/Modes.ts"
import * as ShadowAttempt from "../shadow/ShadowAttempt.ts"
import { SessionLists } from "../store/SessionLists.ts"
import { TokenSpend } from "../store/TokenSpend.ts"
import * as TitlePrompt from "./TitlePrompt.ts"
import { tokensOf } from "./TurnTokens.ts"

const limits = { firstContentMs: 30_000, stallMs: 15_000, totalMs: 60_000 }
/** Enough for a model that thinks before it writes a title. */
const maxTokens = 500
/** Requests at once. */
const mostAtOnce = 4
/** Sessions that wait for a title; further ones keep the start of their message. */
const mostWaiting = 100

export class SessionTitles extends Context.Service<
  SessionTitles,
  {
    /** Returns at once. `turn` has ended with `run` and the text `answer`. */
    readonly offer: (run: Run, turn: Turn, answer: string) => Effect.Effect<void>
  }
>()("crossfade/chat/SessionTitles") {
  /** `provider`: the name of a direct provider; empty: no session is named. */
  static readonly layer = (
    provider: string,
  ): Layer.Layer<SessionTitles, never, Modes | SessionLists | TokenBudgets | TokenSpend> =>
    Layer.effect(SessionTitles, make(provider))
}

/** The turn that asks for a title. Its provider uses its own model, so nothing of the agent's settings applies. */
const titleTurn = (turn: Turn, answer: string): Turn => {
  const message = TitlePrompt.prompt(withMarks(turn.message, turn.attachments), answer)
  const settings = {
    name: "Titles",
    active: true,
    systemPrompt: TitlePrompt.instructions,
    maxTokens,
    mcpServers: [],
    subAgents: [],
  }
  return {
    ...turn,
    agent: { ...turn.agent, settings },
    message,
    attachments: [],
    history: [{ role: "user", content: message }],
    past: [],
    resume: undefined,
    trace: undefined,
  }
}

/** The first answer of its session or of a new beginning. */
const isFirst = (run: Run, turn: Turn): boolean =>
  run.status === "completed" && run.finishReason !== "interrupt" && turn.history.length === 1

const make = Effect.fnUntraced(function* (provider: string) {
  const budgets = yield* TokenBudgets
  const lists = yield* SessionLists
  const modes = yield* Modes
  const spend = yield* TokenSpend
  const scope = yield* Effect.scope
  const targets = modes.targets("direct_llm").map((context) => Context.get(context, Executor))
  const executor = targets.find(({ target }) => target === provider)
  const places = yield* Semaphore.make(mostAtOnce)
  let waiting = 0

  /** The model's answer with the tokens that it took; both may be empty. */
  const ask = Effect.fnUntraced(function* (asked: Executor["Service"], turn: Turn) {
    const progress = new ShadowAttempt.AttemptProgress()
    yield* ShadowAttempt.run(asked, turn, { limits, progress, onAttempt: () => Effect.void })
    const { attempt, tracer } = progress
    const tokens = attempt === undefined ? 0 : tokensOf(turn, [attempt], tracer.text)
    return { tokens, text: attempt?.outcome === "success" ? tracer.text : "" }
  })

  /** Takes the tokens from the user's budget. Undefined if it has none left. */
  const askWithinBudget = Effect.fnUntraced(function* (asked: Executor["Service"], turn: Turn) {
    const estimate = () => estimateTextTokens(turn.message) + estimateTextTokens(TitlePrompt.instructions)
    const reserved = yield* budgets.reserve(turn, estimate)
    if (reserved === undefined) return yield* ask(asked, turn)
    if (reserved._tag === "Refused") return undefined
    const { reservation } = reserved
    const answer = yield* Effect.onExit(ask(asked, turn), (exit) =>
      budgets.settle(reservation, exit._tag === "Success" ? exit.value.tokens : undefined),
    )
    yield* spend.add({ day: reservation.day, tokens: answer.tokens }, turn)
    return answer
  })

  const name = Effect.fnUntraced(function* (asked: Executor["Service"], turn: Turn, answer: string) {
    if (!(yield* lists.isUntitled(turn.sessionId))) return
    const answered = yield* askWithinBudget(asked, titleTurn(turn, answer))
    const title = TitlePrompt.titleIn(answered?.text ?? "")
    if (title !== undefined) yield* lists.titleByModel(turn.sessionId, title)
  })

  const offer: SessionTitles["Service"]["offer"] = (run, turn, answer) =>
    Effect.suspend(() => {
      if (executor === undefined || !isFirst(run, turn) || waiting >= mostWaiting) return Effect.void
      waiting += 1
      const named = places.withPermit(name(executor, turn, answer)).pipe(
        Effect.catchCause((cause) => Effect.logWarning("a session was not named", cause)),
        Effect.ensuring(Effect.sync(() => void (waiting -= 1))),
      )
      return Effect.asVoid(Effect.forkIn(named, scope))
    })

  return SessionTitles.of({ offer })
})
