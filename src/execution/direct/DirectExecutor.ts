/**
 * A direct LLM provider as an executor: one call over the gateway's own HTTP client. `Execution` orders the providers and
 * retries. Most turns may use this executor, so it works per network chunk, not per event.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { type ExecutionError, UpstreamUnreachable } from "../ExecutionError.ts"
import { upstreamCodes } from "../FailureText.ts"
import { Executor, type Turn } from "../Executor.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import { AnswerDecoder } from "./AnswerDecoder.ts"
import { rulesOf } from "./AttachmentLimits.ts"
import { DirectAnswer } from "./DirectAnswer.ts"
import * as DirectSpan from "./DirectSpan.ts"
import { headersOf, urlOf } from "./ProviderRequest.ts"
import type { ProviderSettings } from "./Providers.ts"
import * as ProviderRefusal from "./ProviderRefusal.ts"
import * as RefusalRules from "./RefusalRules.ts"
import { retryAfterOf } from "./RetryAfter.ts"
import { wires } from "./Wire.ts"

/** Logs the reason for which a turn goes to another target. */
const logFailure = (event: string, error: ExecutionError): Effect.Effect<void> => {
  const parts = [error._tag, upstreamCodes(error)].filter((part) => part !== undefined)
  return Effect.logWarning(`${event}: ${parts.join(" ")}`)
}

/** Frameworks answer a POST with 201, and proxies label streams as HTML: the body alone shows if it is an answer. */
const isAnswer = (status: number): boolean => status >= 200 && status < 300

const refusalOf = (upstream: string, { body, header, now, status }: UpstreamStatus.Refusal) => {
  const refusal = ProviderRefusal.ofStatus(status, body)
  const retryAfterMs = retryAfterOf(header, refusal.retryAfterMs, now)
  return RefusalRules.refused(upstream, { ...refusal, status, retryAfterMs })
}

/** Lets a refusal's connection be used again, as its body is short. */
const checkStatus = (upstream: string, answer: Answer): Effect.Effect<Answer, ExecutionError> =>
  Effect.tapError(
    UpstreamStatus.check(answer, isAnswer, (refusal) => refusalOf(upstream, refusal)),
    (error) => {
      answer.drain()
      return logFailure(`${upstream} refused a request`, error)
    },
  )

/** The limit of logged unknown reasons: a server may invent one for each answer. */
const mostUnknown = 20

/** Logs each reason that is not in the table once. */
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

/** `longestClosingMs`: the longest time that an answer is read after its finish reason. */
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
      const attachments = rulesOf(settings)
      const fixed = { ...wire.headers, ...headersOf(settings) }
      const onUnknownReason = unknownReasons(upstream, yield* Effect.context<never>())
      const onFailure = (error: ExecutionError) => logFailure(`${upstream} failed`, error)
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
            Effect.flatMap((answer) => checkStatus(upstream, answer)),
          )

      return Executor.of({
        mode: "direct_llm",
        target: upstream,
        attachments: () => attachments,
        span: (turn) => DirectSpan.of(settings, modelOf(turn), turn),
        execute: (turn) =>
          Stream.unwrap(
            Effect.map(send(turn, modelOf(turn)), (answer) =>
              DecodedAnswer.events(
                upstream,
                answer,
                new AnswerDecoder(new DirectAnswer(upstream, onUnknownReason), wire.reader),
                onFailure,
                longestClosingMs,
              ),
            ),
          ),
      })
    }),
  )
