/**
 * Admission of reads: a rate for each user and each organisation, and a cap on the bytes of answers that the process holds
 * until their readers have taken them. Streams have their own bounds (`Admission`).
 *
 * Invariant: every byte counted is given back when its answer is written or its connection is gone.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { readRefusalReasons } from "../domain/RejectionReason.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { HeldBytes } from "./HeldBytes.ts"
import { keysOf, type Owner } from "./OpenStreams.ts"
import { Rates } from "./Rates.ts"
import { retrySeconds } from "./Rejection.ts"

export class ReadRejected extends Schema.TaggedError<ReadRejected>()("ReadRejected", {
  reason: Schema.Literals(readRefusalReasons),
  /** Seconds. */
  retryAfter: Schema.Int,
}) {}

export interface Limits {
  /** Reads a minute. */
  readonly user: number
  readonly org: number
  /** Bytes of answers that are held at once. */
  readonly answerBytes: number
}

export class Reads extends Context.Service<
  Reads,
  {
    /** Lets a read begin. */
    readonly admit: (owner: Owner) => Effect.Effect<void, ReadRejected>
    /** A file that is passed on. It counts until the scope closes. */
    readonly file: (owner: Owner) => Effect.Effect<void, ReadRejected, Scope.Scope>
    /** Counts the bytes of an answer, if there is room for them. Gives the way to release them; undefined: no room. */
    readonly hold: (bytes: number, owner: Owner | undefined) => (() => void) | undefined
    /** Counts bytes that cannot be refused: the work is done. */
    readonly holdAnyway: (bytes: number, owner: Owner | undefined) => () => void
  }
>()("crossfade/admission/Reads") {
  static readonly layer = (limits: Limits): Layer.Layer<Reads, never, Rates> =>
    Layer.effect(Reads, make(limits))
}

/** A reader that takes nothing is cut after 30 s; most take their answers in less than this. */
export const answerSeconds = 2

/** Browsers open six connections to a host. Each file holds a connection to the runtime and up to 64 KiB. */
const mostFiles = { user: 10, process: 200 }
const fileSeconds = 2

const rejected = (reason: ReadRejected["reason"], retryAfter: number) =>
  Effect.andThen(
    catalogue.readsRefused.record({ reason }, 1),
    Effect.fail(new ReadRejected({ reason, retryAfter })),
  )

const make = Effect.fnUntraced(function* (limits: Limits) {
  const rates = yield* Rates
  const bytesHeld = new HeldBytes(limits.answerBytes)
  yield* catalogue.answerBytes.observe({}, () => bytesHeld.all)

  const take = (key: string, limit: number, reason: "user_rate" | "org_rate") =>
    Effect.flatMap(rates.take(`reads:${key}`, limit), ({ allowed, retryMs }) =>
      allowed ? Effect.void : rejected(reason, retrySeconds(retryMs)),
    )

  let files = 0
  const filesOf = new Map<string, number>()
  const leaveFile = (key: string): void => {
    const left = (filesOf.get(key) ?? 0) - 1
    if (left > 0) filesOf.set(key, left)
    else filesOf.delete(key)
    files -= 1
  }
  const enterFile = (key: string) =>
    Effect.suspend(() => {
      if (files >= mostFiles.process) return rejected("files", fileSeconds)
      const open = filesOf.get(key) ?? 0
      if (open >= mostFiles.user) return rejected("user_files", fileSeconds)
      files += 1
      filesOf.set(key, open + 1)
      return Effect.void
    })

  return Reads.of({
    file: (owner) => {
      const { user } = keysOf(owner)
      return Effect.acquireRelease(enterFile(user), () => Effect.sync(() => leaveFile(user)))
    },
    admit: (owner) =>
      Effect.suspend(() => {
        // Before any work: the answer could not be given.
        if (bytesHeld.all >= limits.answerBytes) return rejected("answers", answerSeconds)
        const keys = keysOf(owner)
        return Effect.andThen(
          take(keys.user, limits.user, "user_rate"),
          take(keys.org, limits.org, "org_rate"),
        )
      }),
    hold: (bytes, owner) => (bytesHeld.fits(bytes, owner) ? bytesHeld.add(bytes, owner) : undefined),
    holdAnyway: (bytes, owner) => bytesHeld.add(bytes, owner),
  })
})
