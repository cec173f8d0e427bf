/**
 * The responses of OpenAI's protocol for a run. A whole answer waits for the run's end. A stream waits for its first text, for
 * at most one heartbeat: a run that fails before gets the status of its failure, which such clients need for their retries.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Run, RunDone } from "../domain/Run.ts"
import { Answer } from "../protocol/openai/Answer.ts"
import { ofRun, statusOf } from "../protocol/openai/ErrorObject.ts"
import type { PublicError } from "../protocol/PublicError.ts"
import { isTerminal, type LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import * as RunPages from "../store/RunPages.ts"
import type { RespondTo } from "./ChatStreams.ts"
import { respond } from "./ErrorMapping.ts"
import * as EventStream from "./EventStream.ts"

const stopping: PublicError = {
  code: "SHUTTING_DOWN",
  message: "This server is being stopped. Send the request again.",
  retryAfter: 1,
}

const expired: PublicError = {
  code: "AUTH_TOKEN_EXPIRED",
  message: "The token has expired, or its API key is no longer valid.",
}

const headersOf = (run: Run) => ({
  "x-run-id": run.id,
  "x-session-id": run.sessionId,
  "x-execution-mode": run.decision.order[0],
})

/**
 * A repetition is safe if the run did nothing that the caller would get twice. With a known idempotency key it would only find the
 * same run; such a reading has no `onLeave`.
 */
const mayRetry = ({ error, hasActed }: Answer, { onLeave }: EventStream.Reading): boolean =>
  !hasActed && onLeave !== undefined && error.recoverable === true

/** The failure of a run as a response. The header overrides the client's rule, which knows only the status. */
const failure = (reading: EventStream.Reading, answer: Answer) => {
  const { error } = answer
  return HttpServerResponse.jsonUnsafe(ofRun(error), {
    status: statusOf(error.code),
    headers: {
      ...headersOf(reading.run),
      "x-should-retry": String(mayRetry(answer, reading)),
      ...(error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) }),
    },
  })
}

/** Reads the run from its start to its present end. */
const answerOf = ({ source }: EventStream.Reading) => {
  const answer = new Answer()
  const last = source._tag === "Live" ? source.log.lastSeq : Number.POSITIVE_INFINITY
  const read = RunPages.each(source.pages, 0, last, (entry) => answer.add(entry))
  return Effect.map(read, () => {
    if (source._tag === "Stored" && source.end !== undefined) answer.add({ seq: last, event: source.end })
    return answer
  })
}

/** Succeeds when the client can see something of the run: false at the first text, true at an end before it. */
const endsFirst = (log: RunLog, isShown: (entry: LogEntry) => boolean): Effect.Effect<boolean> => {
  let seq = 0
  const look: Effect.Effect<boolean> = Effect.suspend(() => {
    if (!log.holds(seq)) return Effect.succeed(false)
    for (const entry of log.read(seq)) {
      if (isTerminal(entry.event)) return Effect.succeed(true)
      if (isShown(entry)) return Effect.succeed(false)
      seq = entry.seq
    }
    return Effect.andThen(log.changed(seq), look)
  })
  return look
}

/** Waits as a reader of the run. */
const waiting = <A>({ onLeave, source }: EventStream.Reading, wait: Effect.Effect<A>): Effect.Effect<A> => {
  if (source._tag === "Stored") return wait
  const waited = Effect.scoped(Effect.andThen(source.attach, wait))
  return onLeave === undefined ? waited : Effect.onInterrupt(waited, () => onLeave)
}

/** Makes the JSON of a complete answer. */
type Body = (run: Run, answer: Answer, done: RunDone) => unknown

export const make = Effect.fnUntraced(function* (heartbeatMs: number) {
  const { closing } = yield* Shutdown

  /** The run's failure, if it ends before the client can see anything of it, and soon. */
  const earlyFailure = Effect.fnUntraced(function* (reading: EventStream.Reading) {
    const { protocol, run, source } = reading
    if (source._tag === "Stored") return undefined
    const encoder = protocol.encoder(run)
    const ended = endsFirst(source.log, (entry) => encoder.frames([entry]) !== "")
    const soon = Effect.raceFirst(ended, Effect.as(closing, false)).pipe(
      Effect.timeoutOrElse({ duration: heartbeatMs, orElse: () => Effect.succeed(false) }),
    )
    if (!(yield* waiting(reading, soon))) return undefined
    const answer = yield* answerOf(reading)
    return answer.done === undefined ? failure(reading, answer) : undefined
  })

  const streamed: RespondTo = (reading) =>
    Effect.filterOrElse(
      earlyFailure(reading),
      (failed) => failed !== undefined,
      () => EventStream.respond(reading),
    )

  const whole =
    (body: Body): RespondTo =>
    (reading) =>
      Effect.gen(function* () {
        const { run, source, until } = reading
        if (source._tag === "Live") {
          yield* waiting(reading, Effect.raceFirst(source.log.whenEnded, closing))
          if (!source.log.ended) return yield* respond(stopping)
        }
        if ((yield* Clock.currentTimeMillis) >= until()) return yield* respond(expired)
        const answer = yield* answerOf(reading)
        if (answer.done === undefined) return failure(reading, answer)
        return HttpServerResponse.jsonUnsafe(body(run, answer, answer.done), { headers: headersOf(run) })
      })

  return { streamed, whole }
})
