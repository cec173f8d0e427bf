/**
 * The responses of OpenAI's protocol for a run. A whole answer waits for the run's end. A stream waits for its first text, for
 * at most one heartbeat: a run that fails before gets the status of its failure, which such clients need for their retries.
 *
 * A client of this protocol cannot resume, so a run ends with its connection. With an idempotency key the client can send the
 * request again, and the run continues for the usual grace time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import type { Run, RunDone } from "../domain/Run.ts"
import { Answer } from "../protocol/openai/Answer.ts"
import { ofRun, statusOf } from "../protocol/openai/ErrorObject.ts"
import type { PublicError } from "../protocol/PublicError.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
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

/** A repetition is safe if the run did nothing that the caller would get twice, and if it can end differently. */
const mayRetry = ({ error, hasActed }: Answer, hasKey: boolean): boolean =>
  !hasActed && !hasKey && error.recoverable === true

/** The failure of a run as a response. The header overrides the client's rule, which knows only the status. */
const failure = (run: Run, answer: Answer, hasKey: boolean) => {
  const { error } = answer
  return HttpServerResponse.jsonUnsafe(ofRun(error), {
    status: statusOf(error.code),
    headers: {
      ...headersOf(run),
      "x-should-retry": String(mayRetry(answer, hasKey)),
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

type Live = Extract<EventStream.Reading["source"], { readonly _tag: "Live" }>
type Body = (run: Run, answer: Answer, done: RunDone) => unknown

export const make = Effect.fnUntraced(function* (heartbeatMs: number) {
  const live = yield* LiveRuns
  const { closing } = yield* Shutdown
  const scope = yield* Effect.scope

  const cancel = (log: RunLog) =>
    Effect.suspend(() => (log.ended ? Effect.void : Effect.forkIn(live.cancel(log.runId), scope)))

  /** Waits as a reader of the run. Cancels the run if the client leaves. */
  const waiting = <A>({ attach, log }: Live, wait: Effect.Effect<A>, cancels: boolean): Effect.Effect<A> => {
    const waited = Effect.scoped(Effect.andThen(attach, wait))
    return cancels ? Effect.onInterrupt(waited, () => cancel(log)) : waited
  }

  /** Ends the run with its reader. */
  const endingRun = (reading: EventStream.Reading): EventStream.Reading => {
    const { source } = reading
    if (source._tag === "Stored") return reading
    const attach: Effect.Effect<void, never, Scope.Scope> = Effect.andThen(
      source.attach,
      Effect.addFinalizer(() => cancel(source.log)),
    )
    return { ...reading, source: { ...source, attach } }
  }

  /** The run's failure, if it ends before the client can see anything of it, and soon. */
  const earlyFailure = Effect.fnUntraced(function* (reading: EventStream.Reading, hasKey: boolean) {
    const { protocol, run, source } = reading
    if (source._tag === "Stored") return undefined
    const encoder = protocol.encoder(run)
    const ended = endsFirst(source.log, (entry) => encoder.frames([entry]) !== "")
    const soon = Effect.raceFirst(ended, Effect.as(closing, false)).pipe(
      Effect.timeoutOrElse({ duration: heartbeatMs, orElse: () => Effect.succeed(false) }),
    )
    if (!(yield* waiting(source, soon, !hasKey))) return undefined
    const answer = yield* answerOf(reading)
    return answer.done === undefined ? failure(run, answer, hasKey) : undefined
  })

  const streamed =
    (hasKey: boolean): RespondTo =>
    (reading) =>
      Effect.filterOrElse(
        earlyFailure(reading, hasKey),
        (failed) => failed !== undefined,
        () => EventStream.respond(hasKey ? reading : endingRun(reading)),
      )

  /** `body` makes the JSON of a complete answer. */
  const whole =
    (hasKey: boolean, body: Body): RespondTo =>
    (reading) =>
      Effect.gen(function* () {
        const { run, source, until } = reading
        if (source._tag === "Live") {
          yield* waiting(source, Effect.raceFirst(source.log.whenEnded, closing), !hasKey)
          if (!source.log.ended) return yield* respond(stopping)
        }
        if ((yield* Clock.currentTimeMillis) >= until()) return yield* respond(expired)
        const answer = yield* answerOf(reading)
        if (answer.done === undefined) return failure(run, answer, hasKey)
        return HttpServerResponse.jsonUnsafe(body(run, answer, answer.done), { headers: headersOf(run) })
      })

  return { streamed, whole }
})
