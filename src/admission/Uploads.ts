/** Admission of uploads: a rate for each user and each organisation, and a cap on those that run at the same time. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { keysOf, type Owner } from "./OpenStreams.ts"
import { Rates } from "./Rates.ts"
import { retrySeconds } from "./Rejection.ts"

export class UploadRejected extends Schema.TaggedError<UploadRejected>()("UploadRejected", {
  reason: Schema.Literals(["user_rate", "org_rate", "user_open", "open"]),
  /** Seconds. */
  retryAfter: Schema.Int,
}) {}

/** Uploads a minute. */
export interface Limits {
  readonly user: number
  readonly org: number
}

export class Uploads extends Context.Service<
  Uploads,
  {
    /** Admits an upload. It counts until the scope closes. */
    readonly admit: (owner: Owner) => Effect.Effect<void, UploadRejected, Scope.Scope>
  }
>()("crossfade/admission/Uploads") {
  static readonly layer = (limits: Limits): Layer.Layer<Uploads, never, Rates> =>
    Layer.effect(Uploads, make(limits))
}

/** Browsers open six connections to a host. An upload to an object store holds up to 10 MiB. */
const mostOpen = { user: 6, process: 50 }
const openSeconds = 2

const make = Effect.fnUntraced(function* (limits: Limits) {
  const rates = yield* Rates
  const openOf = new Map<string, number>()
  let open = 0

  const take = (key: string, limit: number, reason: "user_rate" | "org_rate") =>
    Effect.flatMap(rates.take(`uploads:${key}`, limit), ({ allowed, retryMs }) =>
      allowed ? Effect.void : Effect.fail(new UploadRejected({ reason, retryAfter: retrySeconds(retryMs) })),
    )

  const enter = (user: string) =>
    Effect.suspend(() => {
      const own = openOf.get(user) ?? 0
      if (open >= mostOpen.process)
        return Effect.fail(new UploadRejected({ reason: "open", retryAfter: openSeconds }))
      if (own >= mostOpen.user)
        return Effect.fail(new UploadRejected({ reason: "user_open", retryAfter: openSeconds }))
      open += 1
      openOf.set(user, own + 1)
      return Effect.void
    })

  const leave = (user: string) =>
    Effect.sync(() => {
      const own = (openOf.get(user) ?? 0) - 1
      if (own > 0) openOf.set(user, own)
      else openOf.delete(user)
      open -= 1
    })

  return Uploads.of({
    admit: (owner) =>
      Effect.suspend(() => {
        const { org, user } = keysOf(owner)
        return Effect.acquireRelease(enter(user), () => leave(user)).pipe(
          Effect.andThen(take(user, limits.user, "user_rate")),
          Effect.andThen(take(org, limits.org, "org_rate")),
        )
      }),
  })
})
