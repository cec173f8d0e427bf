/**
 * A direct LLM provider as an executor, over our own HTTP client. Most turns may go through it, so it works per network
 * chunk, not per event. The order of providers and the retries are not its business: here is one call.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { type ExecutionError, failureOf, UpstreamUnreachable } from "../ExecutionError.ts"
import { Executor, type Turn } from "../Executor.ts"
import * as RefusalBody from "../RefusalBody.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import { AnswerDecoder } from "./AnswerDecoder.ts"
import * as DirectSpan from "./DirectSpan.ts"
import { headersOf, urlOf } from "./ProviderRequest.ts"
import type { ProviderSettings } from "./Providers.ts"
import * as ProviderRefusal from "./ProviderRefusal.ts"
import * as RefusalRules from "./RefusalRules.ts"
import { retryAfterOf } from "./RetryAfter.ts"
import { wires } from "./Wire.ts"

/** One line that tells operators why turns went elsewhere. */
const logged = (event: string, error: ExecutionError): Effect.Effect<void> => {
  const said = [error._tag, failureOf(error)].filter((part) => part !== undefined)
  return Effect.logWarning(`${event}: ${said.join(" ")}`)
}

const refused = (upstream: string, answer: Answer): Effect.Effect<never, ExecutionError> =>
  Effect.flatMap(Effect.all([Clock.currentTimeMillis, RefusalBody.beginning(answer)]), ([now, text]) => {
    answer.enough()
    const { status } = answer
    const refusal = ProviderRefusal.ofStatus(status, text)
    const retryAfterMs = retryAfterOf(answer.header, refusal.retryAfterMs, now)
    const error = RefusalRules.refused(upstream, { ...refusal, status, retryAfterMs })
    return Effect.andThen(logged(`${upstream} refused a request`, error), Effect.fail(error))
  })

/** Frameworks answer a POST with 201, and proxies label streams as HTML: the body alone shows if it is an answer. */
const answered = (upstream: string, answer: Answer): Effect.Effect<Answer, ExecutionError> =>
  answer.status >= 200 && answer.status < 300 ? Effect.succeed(answer) : refused(upstream, answer)

/** The most unknown reasons that are logged: a server may make up one for each answer. */
const mostUnknown = 20

/** Logs each reason that the table does not have once. */
const unknownReasons = (upstream: string, context: Context.Context<never>) => {
  const seen = new Set<string>()
  const run = Effect.runForkWith(context)
  return (reason: string) => {
    if (seen.has(reason) || seen.size >= mostUnknown) return
    seen.add(reason)
    const name = /^\w{1,64}$/.test(reason) ? reason : "no identifier"
    run(Effect.logWarning(`${upstream} ended an answer for an unknown reason: ${name}`))
  }
}

/** `longestClosingMs`: how long an answer is read after its finish reason at most. */
export const layer = (
  settings: ProviderSettings,
  longestClosingMs?: number,
): Layer.Layer<Executor, never, UpstreamHttp> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      // Redirects are not followed: the provider's address is configuration, not an answer.
      const http = yield* UpstreamHttp
      const { model: ownModel, name: upstream, takesAgentModel } = settings
      const wire = wires[settings.kind]
      const fixed = { ...wire.headers, ...headersOf(settings) }
      const onUnknownReason = unknownReasons(upstream, yield* Effect.context<never>())
      const onFailure = (error: ExecutionError) => logged(`${upstream} failed`, error)
      const modelOf = ({ agent }: Turn) => (takesAgentModel ? (agent.settings.model ?? ownModel) : ownModel)

      const send = (turn: Turn, model: string) =>
        http
          .post({
            url: urlOf(settings, wire.path(model)),
            headers: { ...fixed, ...Spans.toHeaders(turn.trace) },
            body: wire.body(settings, turn, model),
          })
          .pipe(
            Effect.mapError(({ cause }) => new UpstreamUnreachable({ upstream, cause })),
            Effect.flatMap((answer) => answered(upstream, answer)),
          )

      return Executor.of({
        mode: "direct_llm",
        target: upstream,
        span: (turn) => DirectSpan.of(settings, modelOf(turn), turn),
        execute: (turn) =>
          Stream.unwrap(
            Effect.map(send(turn, modelOf(turn)), (answer) =>
              DecodedAnswer.events(
                upstream,
                answer,
                new AnswerDecoder(upstream, wire.reader, onUnknownReason),
                onFailure,
                longestClosingMs,
              ),
            ),
          ),
      })
    }),
  )
