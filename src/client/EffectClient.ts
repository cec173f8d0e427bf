/**
 * The entry `crossfade-gateway/client/effect`: turns as Streams and requests as Effects. A stream that is interrupted, or left
 * before its end, cancels its run unless `detach` is set.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import {
  createClient,
  type PageOptions,
  type SearchOptions,
  type SessionOptions,
  type SessionsOptions,
  type TurnOptions,
  type UploadOptions,
} from "./Client.ts"
import type {
  Body,
  ChatEvent,
  Data,
  ExportLine,
  Feedback,
  GivenFeedback,
  PlacedMessage,
  Run,
  RunsPage,
  SearchPage,
  Session,
  SessionCancelled,
  SessionChanges,
  SessionCounts,
  SessionOverview,
  SessionsPage,
  UploadedFile,
  Withdrawn,
} from "./Contract.ts"
import { connectionLost, CrossfadeError } from "./CrossfadeError.ts"
import type { StreamOptions } from "./RunStream.ts"
import type { ClientOptions } from "./Transport.ts"

export { CrossfadeError } from "./CrossfadeError.ts"

type Unsignalled<Options> = Omit<Options, "signal">
type Turn = Stream.Stream<ChatEvent, CrossfadeError>
type Page = Unsignalled<PageOptions>

export interface EffectClient {
  readonly start: (turn: Body<"start">, options?: Unsignalled<TurnOptions>) => Turn
  readonly send: (
    sessionId: string,
    turn: Omit<Body<"send">, "retry">,
    options?: Unsignalled<TurnOptions>,
  ) => Turn
  readonly retry: (sessionId: string, options?: Unsignalled<TurnOptions>) => Turn
  readonly regenerate: (
    messageId: string,
    choice?: NonNullable<Body<"regenerate">>,
    options?: Unsignalled<TurnOptions>,
  ) => Turn
  readonly edit: (messageId: string, turn: Body<"edit">, options?: Unsignalled<TurnOptions>) => Turn
  readonly resume: (sessionId: string, answer: Body<"resume">, options?: Unsignalled<TurnOptions>) => Turn
  /** Leaves the run alone, except with `detach: false`. */
  readonly events: (runId: string, options?: Unsignalled<StreamOptions> & { readonly after?: number }) => Turn
  readonly upload: (
    file: Blob,
    options?: Unsignalled<UploadOptions>,
  ) => Effect.Effect<UploadedFile, CrossfadeError>
  readonly cancel: (runId: string) => Effect.Effect<Data<"cancel">, CrossfadeError>
  readonly sessions: (page?: Unsignalled<SessionsOptions>) => Effect.Effect<SessionsPage, CrossfadeError>
  readonly sessionCounts: Effect.Effect<SessionCounts, CrossfadeError>
  readonly session: (
    sessionId: string,
    page?: Unsignalled<SessionOptions>,
  ) => Effect.Effect<Session, CrossfadeError>
  readonly updateSession: (
    sessionId: string,
    changes: SessionChanges,
  ) => Effect.Effect<SessionOverview, CrossfadeError>
  readonly cancelSession: (sessionId: string) => Effect.Effect<SessionCancelled, CrossfadeError>
  readonly runsOf: (sessionId: string, page?: Page) => Effect.Effect<RunsPage, CrossfadeError>
  /** Fails unless the export is complete. */
  readonly exportSessions: (sessionId?: string) => Stream.Stream<ExportLine, CrossfadeError>
  readonly message: (messageId: string) => Effect.Effect<PlacedMessage, CrossfadeError>
  readonly search: (
    q: string,
    options?: Unsignalled<SearchOptions>,
  ) => Effect.Effect<SearchPage, CrossfadeError>
  readonly run: (runId: string, page?: Page) => Effect.Effect<Run, CrossfadeError>
  readonly deleteSession: (sessionId: string) => Effect.Effect<Data<"deleteSession">, CrossfadeError>
  readonly restoreSession: (sessionId: string) => Effect.Effect<Data<"restoreSession">, CrossfadeError>
  readonly deleteMessage: (messageId: string) => Effect.Effect<Data<"deleteMessage">, CrossfadeError>
  readonly restoreMessage: (messageId: string) => Effect.Effect<Data<"restoreMessage">, CrossfadeError>
  readonly feedback: (messageId: string, given: GivenFeedback) => Effect.Effect<Feedback, CrossfadeError>
  readonly withdrawFeedback: (messageId: string) => Effect.Effect<Withdrawn, CrossfadeError>
}

const errorOf = (cause: unknown): CrossfadeError =>
  cause instanceof CrossfadeError ? cause : connectionLost("The client failed.", cause)

/** A generator that waits for bytes returns only after them, so leaving it aborts it first. */
const abortable = <A>(
  open: (signal: AbortSignal) => AsyncGenerator<A, void, undefined>,
): AsyncIterable<A> => ({
  [Symbol.asyncIterator]: () => {
    const controller = new AbortController()
    const events = open(controller.signal)
    return {
      next: () => events.next(),
      return: async () => {
        controller.abort()
        events.return().catch(() => {})
        return { done: true, value: undefined }
      },
    }
  },
})

const streamed = <A>(
  open: (signal: AbortSignal) => AsyncGenerator<A, void, undefined>,
): Stream.Stream<A, CrossfadeError> =>
  Stream.suspend(() => Stream.fromAsyncIterable(abortable(open), errorOf))

const requested = <A>(request: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, CrossfadeError> =>
  Effect.tryPromise({ try: request, catch: errorOf })

export const make = (clientOptions: ClientOptions): EffectClient => {
  const client = createClient(clientOptions)
  return {
    start: (turn, options) => streamed((signal) => client.start(turn, { ...options, signal })),
    send: (sessionId, turn, options) =>
      streamed((signal) => client.send(sessionId, turn, { ...options, signal })),
    retry: (sessionId, options) => streamed((signal) => client.retry(sessionId, { ...options, signal })),
    regenerate: (messageId, choice, options) =>
      streamed((signal) => client.regenerate(messageId, choice, { ...options, signal })),
    edit: (messageId, turn, options) =>
      streamed((signal) => client.edit(messageId, turn, { ...options, signal })),
    resume: (sessionId, answer, options) =>
      streamed((signal) => client.resume(sessionId, answer, { ...options, signal })),
    events: (runId, options) => streamed((signal) => client.events(runId, { ...options, signal })),
    upload: (file, options) => requested((signal) => client.upload(file, { ...options, signal })),
    cancel: (runId) => requested((signal) => client.cancel(runId, { signal })),
    sessions: (page) => requested((signal) => client.sessions({ ...page, signal })),
    sessionCounts: requested((signal) => client.sessionCounts({ signal })),
    updateSession: (sessionId, changes) =>
      requested((signal) => client.updateSession(sessionId, changes, { signal })),
    cancelSession: (sessionId) => requested((signal) => client.cancelSession(sessionId, { signal })),
    runsOf: (sessionId, page) => requested((signal) => client.runsOf(sessionId, { ...page, signal })),
    exportSessions: (sessionId) => streamed((signal) => client.exportSessions(sessionId, { signal })),
    session: (sessionId, page) => requested((signal) => client.session(sessionId, { ...page, signal })),
    message: (messageId) => requested((signal) => client.message(messageId, { signal })),
    search: (q, options) => requested((signal) => client.search(q, { ...options, signal })),
    run: (runId, page) => requested((signal) => client.run(runId, { ...page, signal })),
    deleteSession: (sessionId) => requested((signal) => client.deleteSession(sessionId, { signal })),
    restoreSession: (sessionId) => requested((signal) => client.restoreSession(sessionId, { signal })),
    deleteMessage: (messageId) => requested((signal) => client.deleteMessage(messageId, { signal })),
    restoreMessage: (messageId) => requested((signal) => client.restoreMessage(messageId, { signal })),
    feedback: (messageId, given) => requested((signal) => client.feedback(messageId, given, { signal })),
    withdrawFeedback: (messageId) => requested((signal) => client.withdrawFeedback(messageId, { signal })),
  }
}
