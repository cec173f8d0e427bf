/** Checks the status of an upstream's answer. A refused request fails with the error that its upstream's rules give. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ExecutionError } from "./ExecutionError.ts"
import * as RefusalBody from "./RefusalBody.ts"
import type { Answer } from "./UpstreamHttp.ts"

export interface Refusal {
  readonly status: number
  readonly header: Answer["header"]
  /** The beginning of the body. */
  readonly body: string
  /** Arrival time in epoch milliseconds, for `Retry-After` dates. */
  readonly now: number
}

export const check = (
  answer: Answer,
  accepts: (status: number) => boolean,
  errorOf: (refusal: Refusal) => ExecutionError,
): Effect.Effect<Answer, ExecutionError> => {
  const { header, status } = answer
  if (accepts(status)) return Effect.succeed(answer)
  return Effect.flatMap(Effect.all([Clock.currentTimeMillis, RefusalBody.beginning(answer)]), ([now, body]) =>
    Effect.fail(errorOf({ status, header, body, now })),
  )
}
