/**
 * An OpenAI-compatible model as an executor, over our own HTTP client, a chunk of its answer at a time. Of all drivers the one
 * that most turns go through, so it does nothing for an event that can be done for a chunk.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { type ExecutionError, UpstreamUnreachable } from "../ExecutionError.ts"
import { Executor, type Turn } from "../Executor.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import * as DirectMapping from "./DirectMapping.ts"
import * as DirectSpan from "./DirectSpan.ts"
import { OpenAiDecoder } from "./OpenAiDecoder.ts"
import { bodyOf } from "./OpenAiWire.ts"
import { headersOf, urlOf } from "./ProviderRequest.ts"
import type { ProviderSettings } from "./Providers.ts"

/** What a refusal says is not looked at: its body is not read. */
const answered = (upstream: string, answer: Answer): Effect.Effect<Answer, ExecutionError> => {
  const { header, status } = answer
  return status === 200
    ? Effect.succeed(answer)
    : Effect.flatMap(Clock.currentTimeMillis, (now) => {
        answer.enough()
        return Effect.fail(DirectMapping.fromStatus(upstream, status, header("retry-after"), now))
      })
}

export const layer = (settings: ProviderSettings): Layer.Layer<Executor, never, UpstreamHttp> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      // Redirects are not followed: the provider's address is configuration, not an answer.
      const http = yield* UpstreamHttp
      const { model: ownModel, name: upstream, takesAgentModel } = settings
      const url = urlOf(settings, "/chat/completions")
      const headers = headersOf(settings)
      const modelOf = ({ agent }: Turn) => (takesAgentModel ? (agent.settings.model ?? ownModel) : ownModel)

      const send = (turn: Turn) =>
        http
          .post({
            url,
            headers: { ...headers, ...Spans.toHeaders(turn.trace) },
            body: bodyOf(turn, modelOf(turn), settings),
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
            Effect.map(send(turn), (answer) =>
              DecodedAnswer.events(upstream, answer, new OpenAiDecoder(upstream)),
            ),
          ),
      })
    }),
  )
