/**
 * A direct provider with a cache: an `Executor` around its `Executor`, for the organisations that want it. A cached
 * answer is a turn like any other, but its usage reports no tokens (`cached`).
 *
 * Invariant: stores only answers that the provider finished, that are only text, and that were not cut short.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { textDraft } from "../../protocol/agent2ui/Message.ts"
import * as Measure from "../../telemetry/Measure.ts"
import type { ExecutionError } from "../ExecutionError.ts"
import { type ExecutionEvent, Executor, type Turn } from "../Executor.ts"
import { AnswerCache } from "./AnswerCache.ts"
import { answerKey, isCacheable } from "./AnswerKey.ts"
import type { ProviderSettings } from "./Providers.ts"

/** Characters. A longer answer costs much memory and is seldom asked for twice. */
const longestAnswer = 64 * 1024

type Events = Stream.Stream<ExecutionEvent, ExecutionError>

const cachedEvents = (answer: string): Events =>
  Stream.make<ReadonlyArray<ExecutionEvent>>(
    { _tag: "Message", draft: textDraft(answer) },
    { _tag: "Finished", usage: { tokens: 0, cached: true } },
  )

/** Passes the events on. At `Finished` it gives the whole text to `put`. */
const storing = (events: Events, put: (answer: string) => Effect.Effect<void>): Events => {
  let answer: string | undefined = ""
  return Stream.tap(events, (event) => {
    if (event._tag === "Finished") {
      const isWhole = event.finishReason === undefined || event.finishReason === "stop"
      return isWhole && answer !== undefined && answer !== "" ? put(answer) : Effect.void
    }
    const { draft } = event
    // Thinking is not a part of the answer.
    if (draft.type === "thinking") return Effect.void
    answer = draft.type === "text" && answer !== undefined ? answer + draft.data.content : undefined
    if (answer !== undefined && answer.length > longestAnswer) answer = undefined
    return Effect.void
  })
}

export const around = <E, R>(
  provider: Layer.Layer<Executor, E, R>,
  settings: ProviderSettings,
  orgs: ReadonlySet<string>,
): Layer.Layer<Executor, E, R | AnswerCache> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      const executor = yield* Executor
      const lookUp = Effect.fnUntraced(function* (turn: Turn) {
        const key = answerKey(turn, settings)
        const answer = yield* cache.get(key)
        yield* Measure.answerLookedUp(answer !== undefined)
        return answer === undefined
          ? storing(executor.execute(turn), (whole) => cache.put(key, whole))
          : cachedEvents(answer)
      })
      const execute: Executor["Service"]["execute"] = (turn) => Stream.unwrap(lookUp(turn))
      return Executor.of({
        ...executor,
        execute: (turn) => (isCacheable(turn, orgs) ? execute(turn) : executor.execute(turn)),
      })
    }),
  ).pipe(Layer.provide(provider))
