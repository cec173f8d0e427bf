/**
 * Admission of reads: a rate for each user and each organisation, and a cap on the bytes of answers that wait for their
 * readers. Streams have their own limits (`Admission`).
 *
 * Invariant: every counted byte is released when its answer is written or its connection is gone.
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
  /** Maximum of bytes of answers that wait for their readers. */
  readonly answerBytes: number
}

export class Reads extends Context.Service<
  Reads,
  {
    /** Admits a read. */
    readonly admit: (owner: Owner) => Effect.Effect<void, ReadRejected>
    /** Admits the transfer of a file. It counts until the scope closes. */
    readonly file: (owner: Owner) => Effect.Effect<void, ReadRejected, Scope.Scope>
    /** Counts the bytes of an answer and returns their release; undefined if they do not fit. */
    readonly hold: (bytes: number, owner: Owner | undefined) => (() => void) | undefined
    /** Counts bytes without a check, for an answer whose work is already done. */
    readonly holdAnyway: (bytes: number, owner: Owner | undefined) => () => void
  }
>()("crossfade/admission/Reads") {
  static readonly layer = (limits: Limits): Layer.Layer<Reads, never, Rates> =>
    Layer.effect(Reads, make(limits))
}

/** Most readers take their answers in less than this; a stalled reader is cut after 30 s. */
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
  const closeFile = (key: string): void => {
    const left = (filesOf.get(key) ?? 0) - 1
    if (left > 0) filesOf.set(key, left)
    else filesOf.delete(key)
    files -= 1
  }
  const openFile = (key: string) =>
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
      return Effect.acquireRelease(openFile(user), () => Effect.sync(() => closeFile(user)))
    },
    admit: (owner) =>
      Effect.suspend(() => {
        // Checked before any work, because the answer could not be delivered.
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
