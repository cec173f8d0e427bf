/**
 * Where work stands in a trace. A turn has one server span; below it `decide`, one span an attempt, and `persist`. They are
 * opened and closed by hand, because a turn's span outlives its request; nothing else of the program opens any (Effect's own
 * spans are off), so that the cost of a turn is fixed.
 *
 * Without a tracer every span is its parent: the caller's place in his trace is passed on to the upstreams all the same.
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

/** The tracer that exports; undefined where nothing is exported. */
export const Tracing = Context.Reference<Tracer.Tracer | undefined>("crossfade/telemetry/Tracing", {
  defaultValue: () => undefined,
})

/** Whether a caller's place is taken (`OTEL_PROPAGATORS`). */
export const TakesParent = Context.Reference<boolean>("crossfade/telemetry/TakesParent", {
  defaultValue: () => true,
})

export interface Place {
  readonly span: Tracer.AnySpan
  /** What other vendors carry along; passed on as it came. */
  readonly tracestate: string | undefined
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export interface SpanOptions {
  readonly parent: Place | undefined
  readonly kind?: Tracer.SpanKind
  /** When it began, in nanoseconds of the wall clock, where that was before it is opened. */
  readonly startedAt?: bigint
  /** Work that caused this one without waiting for it. */
  readonly link?: Place | undefined
  readonly attributes?: Attributes
}

const isZero = (id: string): boolean => /^0+$/.test(id)
/** Longer ones may be cut by whoever passes them on (W3C Trace Context, 3.3.1.5). */
const longestState = 512

/** The caller's place, by its `traceparent`; what is not one is ignored, as the standard asks. */
export const fromHeaders = (headers: Headers.Headers): Effect.Effect<Place | undefined> =>
  // Nearly nobody sends one, and to look for it the standard's way costs a moment.
  headers["traceparent"] === undefined ? Effect.undefined : placeOf(headers)

const placeOf = (headers: Headers.Headers): Effect.Effect<Place | undefined> =>
  Effect.map(TakesParent, (takes) => {
    const span = takes ? Option.getOrUndefined(HttpTraceContext.w3c(headers)) : undefined
    if (span === undefined || isZero(span.traceId) || isZero(span.spanId)) return undefined
    const state = headers["tracestate"]
    const passed = state !== undefined && state.length <= longestState && /^[\x20-\x7e]+$/.test(state)
    return { span, tracestate: passed ? state : undefined }
  })

/** What an upstream is told, so that its spans stand below this one. */
export const toHeaders = (place: Place | undefined): Readonly<Record<string, string>> => {
  if (place === undefined) return {}
  const { span, tracestate } = place
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`,
    ...(tracestate === undefined ? {} : { tracestate }),
  }
}

export const traceId = (place: Place | undefined): string | null => place?.span.traceId ?? null

/** For the lines that are logged within it. */
export const logged = (place: Place | undefined): Readonly<Record<string, string>> =>
  place === undefined ? {} : { traceId: place.span.traceId, spanId: place.span.spanId }

const annotate = (span: Tracer.Span, attributes: Attributes): void => {
  if (!span.sampled) return
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) span.attribute(name, value)
  }
}

const opened = (tracer: Tracer.Tracer, clock: Clock.Clock, name: string, options: SpanOptions): Place => {
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

export const open = (name: string, options: SpanOptions): Effect.Effect<Place | undefined> =>
  Effect.withFiber((fiber) => {
    const tracer = fiber.getRef(Tracing)
    return Effect.succeed(
      tracer === undefined ? options.parent : opened(tracer, fiber.getRef(Clock.Clock), name, options),
    )
  })

/** Ends a span that `open` gave; once is enough. `error`: the code of what went wrong. */
export const close = (
  place: Place | undefined,
  end: { readonly attributes?: Attributes; readonly error?: string | undefined } = {},
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const span = place?.span
    if (span?._tag !== "Span") return Effect.void
    annotate(span, { ...end.attributes, "error.type": end.error })
    span.end(
      fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(),
      end.error === undefined ? Exit.void : Exit.die(new SpanFailed(end.error)),
    )
    return Effect.void
  })

/** Says a code and nothing else: a message may hold what a user wrote, a stack says nothing of an upstream. */
class SpanFailed extends Error {
  constructor(code: string) {
    super(code)
    this.name = code
    this.stack = code
  }
}

/** What went wrong, as its error is called; a bug of ours has no name. */
export const codeOf = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : "INTERNAL_ERROR"
}

/** A span as long as an effect, with what is known of it at its end. */
export const within =
  <A>(name: "decide" | "persist", parent: Place | undefined, attributes: (value: A) => Attributes) =>
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
