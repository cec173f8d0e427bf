/**
 * An OpenAI-compatible model as an executor, over our own HTTP client, a chunk of its answer at a time. Of all drivers the one
 * that most turns go through, so it does nothing for an event that can be done for a chunk.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import { type ExecutionError, UpstreamTruncated, UpstreamUnreachable } from "../ExecutionError.ts"
import { type ExecutionEvent, Executor, type Turn } from "../Executor.ts"
import * as DirectMapping from "./DirectMapping.ts"
import * as DirectSpan from "./DirectSpan.ts"
import { OpenAiDecoder } from "./OpenAiDecoder.ts"
import { bodyOf } from "./OpenAiWire.ts"
import type { ProviderSettings } from "./Providers.ts"

/** undici gives up after 300 s without headers or body; the attempt's own three clocks are the ones that count. */
const patient = { headersTimeout: 0, bodyTimeout: 0 }

/** Whoever sends the body of a refusal slowly is not waited for. */
const bodyPatience = "1 second"

const answered = (
  upstream: string,
  response: HttpClientResponse.HttpClientResponse,
): Effect.Effect<HttpClientResponse.HttpClientResponse, ExecutionError> =>
  response.status === 200
    ? Effect.succeed(response)
    : Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const { headers, status } = response
        const refusal = DirectMapping.fromStatus(upstream, status, headers["retry-after"], now)
        // What it says of it is not looked at. Who stops reading it frees its connection.
        const left = Effect.ignore(Effect.timeout(Stream.runHead(response.stream), bodyPatience))
        return Effect.andThen(left, Effect.fail(refusal))
      })

const decoded = (
  upstream: string,
  response: HttpClientResponse.HttpClientResponse,
): Stream.Stream<ExecutionEvent, ExecutionError> =>
  Stream.suspend(() => {
    const decoder = new OpenAiDecoder(upstream)
    const decode = (chunk: Uint8Array): Stream.Stream<ExecutionEvent, ExecutionError> => {
      const { error, events } = decoder.feed(chunk)
      const out = Stream.fromArray(events)
      return error === undefined ? out : Stream.concat(out, Stream.fail(error))
    }
    const end = Stream.suspend((): Stream.Stream<ExecutionEvent, ExecutionError> => {
      const last = decoder.end()
      return last._tag === "Finished" || last._tag === "Message" ? Stream.succeed(last) : Stream.fail(last)
    })
    return response.stream.pipe(
      Stream.mapError((cause): ExecutionError => new UpstreamTruncated({ upstream, cause })),
      Stream.flatMap(decode),
      Stream.concat(end),
    )
  })

export const layer = (settings: ProviderSettings): Layer.Layer<Executor, never, HttpClient.HttpClient> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      // Redirects are not followed: the provider's address is configuration, not an answer.
      const client = yield* HttpClient.HttpClient
      const { apiKey, baseUrl = "", model: ownModel, name: upstream, takesAgentModel } = settings
      const url = `${baseUrl.replace(/\/+$/, "")}/chat/completions`
      const key = apiKey === undefined ? {} : { authorization: `Bearer ${Redacted.value(apiKey)}` }
      const modelOf = ({ agent }: Turn) => (takesAgentModel ? (agent.settings.model ?? ownModel) : ownModel)

      const send = (turn: Turn) =>
        HttpClientRequest.post(url).pipe(
          HttpClientRequest.accept("text/event-stream"),
          HttpClientRequest.setHeaders({ ...key, ...Spans.toHeaders(turn.trace) }),
          HttpClientRequest.bodyJsonUnsafe(bodyOf(turn, modelOf(turn))),
          client.execute,
          Effect.provideService(NodeHttpClient.UndiciOptions, patient),
          Effect.mapError((cause) => new UpstreamUnreachable({ upstream, cause })),
          Effect.flatMap((response) => answered(upstream, response)),
        )

      return Executor.of({
        mode: "direct_llm",
        target: upstream,
        span: (turn) => DirectSpan.of(settings, modelOf(turn), turn),
        execute: (turn) => Stream.unwrap(Effect.map(send(turn), (response) => decoded(upstream, response))),
      })
    }),
  )
