/** The client package for commands: its error becomes an error of the command line. */
import * as Redacted from "effect/Redacted"
import { make } from "../client/EffectClient.ts"
import type { CrossfadeError } from "../client/CrossfadeError.ts"
import { reasonOf } from "../domain/Reason.ts"
import { notOurs, refusal, type Service, ServiceUnreachable } from "./ServiceClient.ts"

/** Long enough for the restart of one replica. */
const resumeForMs = 30_000

export const chatClient = ({ token, url }: Service) =>
  make({ baseUrl: url, token: Redacted.value(token), resumeForMs })

/** For single requests, which fail at once. */
export const requestClient = ({ token, url }: Service) =>
  make({ baseUrl: url, token: Redacted.value(token), resumeForMs: 0 })

export const refusedBy =
  ({ url }: Service) =>
  (error: CrossfadeError) => {
    const { cause, code, details, message, status } = error
    if (code === "CONNECTION_LOST")
      return new ServiceUnreachable({ url, reason: cause === undefined ? message : reasonOf(cause) })
    return code === "UNEXPECTED_RESPONSE" && status !== undefined
      ? notOurs(url, status)
      : refusal(status, code, message, details)
  }
