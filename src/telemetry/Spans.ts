/**
 * The spans of a turn. A turn has one server span; below it are `decide`, one span per attempt, and `persist`. The code opens
 * and closes them by hand, because a turn's span outlives its request. Nothing else opens spans (Effect's own are off), so
 * the cost of a turn is fixed.
 *
 * Without a tracer every span is its parent: the upstreams still receive the caller's span context.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Tracer from "effect/Tracer"

/** The tracer that exports spans. Undefined: nothing is exported. */
export const Tracing = Context.Reference<Tracer.Tracer | undefined>("crossfade/telemetry/Tracing", {
  defaultValue: () => undefined,
})

/** True: a caller's span context becomes the parent (`OTEL_PROPAGATORS`). */
export const TakesParent = Context.Reference<boolean>("crossfade/telemetry/TakesParent", {
  defaultValue: () => true,
})

export interface SpanContext {
  readonly span: Tracer.AnySpan
  /** Other vendors' state, passed on unchanged. */
  readonly tracestate: string | undefined
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

interface SpanOptions {
  readonly parent: SpanContext | undefined
  readonly kind?: Tracer.SpanKind
  /** Start in nanoseconds of the wall clock. Absent: now. */
  readonly startedAt?: bigint
  /** The span that caused this one without waiting for it. */
  readonly link?: SpanContext | undefined
  readonly attributes?: Attributes
}

const isZero = (id: string): boolean => /^0+$/.test(id)
/** Intermediaries may cut a longer state (W3C Trace Context, 3.3.1.5). */
const longestState = 512

/** The caller's span context from `traceparent`. An invalid header is ignored, as the standard requires. */
export const fromHeaders = (headers: Headers.Headers): Effect.Effect<SpanContext | undefined> =>
  // Few callers send one, and Effect's parser costs time on each request.
  headers["traceparent"] === undefined ? Effect.undefined : contextOf(headers)

const contextOf = (headers: Headers.Headers): Effect.Effect<SpanContext | undefined> =>
  Effect.map(TakesParent, (takes) => {
    const span = takes ? Option.getOrUndefined(HttpTraceContext.w3c(headers)) : undefined
    if (span === undefined || isZero(span.traceId) || isZero(span.spanId)) return undefined
    const state = headers["tracestate"]
    const passed = state !== undefined && state.length <= longestState && /^[\x20-\x7e]+$/.test(state)
    return { span, tracestate: passed ? state : undefined }
  })

/** The headers that put an upstream's spans below this one. */
export const toHeaders = (context: SpanContext | undefined): Readonly<Record<string, string>> => {
  if (context === undefined) return {}
  const { span, tracestate } = context
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`,
    ...(tracestate === undefined ? {} : { tracestate }),
  }
}

export const traceId = (context: SpanContext | undefined): string | null => context?.span.traceId ?? null

/** Annotations for log lines within the span. */
export const logged = (context: SpanContext | undefined): Readonly<Record<string, string>> =>
  context === undefined ? {} : { traceId: context.span.traceId, spanId: context.span.spanId }

const annotate = (span: Tracer.Span, attributes: Attributes): void => {
  if (!span.sampled) return
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) span.attribute(name, value)
  }
}

const opened = (
  tracer: Tracer.Tracer,
  clock: Clock.Clock,
  name: string,
  options: SpanOptions,
): SpanContext => {
  const { link, parent } = options
  const span = tracer.span({
    name,
    parent: Option.fromUndefinedOr(parent?.span),
    annotations: Context.empty(),
    links: link === undefined ? [] : [{ span: link.span, attributes: {} }],
    startTime: options.startedAt ?? clock.currentTimeNanosUnsafe(),
    kind: options.kind ?? "internal",
    root: parent === undefined,
    sampled: true,
  })
  annotate(span, options.attributes ?? {})
  return { span, tracestate: parent?.tracestate }
}

export const open = (name: string, options: SpanOptions): Effect.Effect<SpanContext | undefined> =>
  Effect.withFiber((fiber) => {
    const tracer = fiber.getRef(Tracing)
    return Effect.succeed(
      tracer === undefined ? options.parent : opened(tracer, fiber.getRef(Clock.Clock), name, options),
    )
  })

/** The span of `make`; the parent if nothing is exported, so that no attributes are made in vain. */
export const whenTraced = (
  parent: SpanContext | undefined,
  make: () => Effect.Effect<SpanContext | undefined>,
): Effect.Effect<SpanContext | undefined> =>
  Effect.flatMap(Tracing, (tracer) => (tracer === undefined ? Effect.succeed(parent) : make()))

/** False for a caller's span, which this process does not end. */
export const isOpen = (context: SpanContext | undefined): boolean => context?.span._tag === "Span"

/** Ends a span that `open` returned. `error` is the code of the failure. */
export const close = (
  context: SpanContext | undefined,
  end: { readonly attributes?: Attributes; readonly error?: string | undefined } = {},
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const span = context?.span
    if (span?._tag !== "Span") return Effect.void
    annotate(span, { ...end.attributes, "error.type": end.error })
    span.end(
      fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(),
      end.error === undefined ? Exit.void : Exit.die(new SpanFailed(end.error)),
    )
    return Effect.void
  })

/** Carries only a code: a message may contain a user's text, and a stack does not describe an upstream. */
class SpanFailed extends Error {
  constructor(code: string) {
    super(code)
    this.name = code
    this.stack = code
  }
}

/** The tag of the error. A defect has none. */
export const codeOf = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : "INTERNAL_ERROR"
}

/** A span for the time of an effect. `attributes` are set at its end. */
export const within =
  <A>(name: "decide" | "persist", parent: SpanContext | undefined, attributes: (value: A) => Attributes) =>
  <E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      const tracer = fiber.getRef(Tracing)
      if (tracer === undefined) return self
      const span = opened(tracer, fiber.getRef(Clock.Clock), name, { parent })
      return Effect.onExit(self, (exit) =>
        close(
          span,
          Exit.isSuccess(exit) ? { attributes: attributes(exit.value) } : { error: codeOf(exit.cause) },
        ),
      )
    })
