/**
 * A direct LLM provider with a wire of its own as an executor, over its `@ai-sdk` model's `doStream`. The providers' order and the retries
 * are the plan's business; here is one call. Interruption aborts the call.
 */
import type { LanguageModelV4, LanguageModelV4Prompt, LanguageModelV4StreamPart } from "@ai-sdk/provider"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { ExecutionError } from "../ExecutionError.ts"
import * as Spans from "../../telemetry/Spans.ts"
import { type ExecutionEvent, Executor, type Turn } from "../Executor.ts"
import * as DirectMapping from "./DirectMapping.ts"
import * as DirectSpan from "./DirectSpan.ts"
import { languageModel, type OwnWireSettings } from "./Providers.ts"

const promptOf = (turn: Turn): LanguageModelV4Prompt => {
  const { systemPrompt } = turn.agent.settings
  return [
    ...(systemPrompt === "" ? [] : [{ role: "system" as const, content: systemPrompt }]),
    ...turn.history.map(({ content, role }) => ({
      role,
      content: [{ type: "text" as const, text: content }],
    })),
  ]
}

const call = (model: LanguageModelV4, turn: Turn, upstream: string) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const abort = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort()),
    )
    const { maxTokens, temperature } = turn.agent.settings
    return yield* Effect.tryPromise({
      try: () =>
        model.doStream({
          prompt: promptOf(turn),
          abortSignal: abort.signal,
          headers: Spans.toHeaders(turn.trace),
          ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
          ...(temperature === undefined ? {} : { temperature }),
        }),
      catch: (cause) => DirectMapping.fromCallError(upstream, cause, now),
    })
  })

const events = (
  upstream: string,
  parts: ReadableStream<LanguageModelV4StreamPart>,
): Stream.Stream<ExecutionEvent, ExecutionError> =>
  Stream.fromReadableStream({
    evaluate: () => parts,
    onError: (cause) => DirectMapping.fromStreamError(upstream, cause),
  }).pipe(
    Stream.flatMap((part): Stream.Stream<ExecutionEvent, ExecutionError> => {
      const mapped = DirectMapping.fromPart(upstream, part)
      switch (mapped._tag) {
        case "Event":
          return Stream.succeed(mapped.event)
        case "Nothing":
          return Stream.empty
        case "Failed":
          return Stream.fail(mapped.error)
      }
    }),
  )

export const layer = (settings: OwnWireSettings): Layer.Layer<Executor> =>
  Layer.sync(Executor, () => {
    const modelFor = languageModel(settings)
    const upstream = settings.name
    return Executor.of({
      mode: "direct_llm",
      target: upstream,
      span: (turn) => DirectSpan.of(settings, modelFor(turn.agent.settings.model).modelId, turn),
      execute: (turn) =>
        Stream.unwrap(
          Effect.map(call(modelFor(turn.agent.settings.model), turn, upstream), ({ stream }) =>
            events(upstream, stream),
          ),
        ),
    })
  })
