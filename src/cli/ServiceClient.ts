/** Requests of commands to a running service. A refusal shows the service's own message. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { reasonOf } from "../domain/Reason.ts"
import { Problem } from "../protocol/PublicError.ts"
import { exitCodes } from "./ExitCode.ts"

/** `code` is the service's own code; undefined for an answer that is not the service's. */
export class ServiceRefused extends Data.TaggedError("ServiceRefused")<{
  readonly reason: string
  readonly code?: string | undefined
}> {
  override get message(): string {
    return this.reason
  }
}

export class ServiceUnreachable extends Data.TaggedError("ServiceUnreachable")<{
  readonly url: string
  readonly reason: string
}> {
  override readonly [Runtime.errorExitCode] = exitCodes.unreachable.code
  override get message(): string {
    return `Cannot reach ${this.url} (${this.reason}). Is the service running there? Start it with \`crossfade serve\`, or give its address with --url.`
  }
}

export interface Service {
  readonly url: string
  readonly token: Redacted.Redacted<string>
}

const patience = "30 seconds"

const newToken =
  "Get a token with `crossfade token` on the service's machine, or from your identity provider; then `crossfade login`."

const advice: Readonly<Record<string, string>> = {
  AUTH_TOKEN_EXPIRED: newToken,
  AUTH_TOKEN_INVALID: newToken,
  PRECONDITION_FAILED: "Another change came first. Read the settings again and repeat the command.",
}

/** The service's message, each field that it names, and the next step. */
export const refusal = (
  status: number | undefined,
  code: string,
  message: string,
  details: ReadonlyArray<Problem> = [],
): ServiceRefused => {
  const step = advice[code]
  const lines = [
    `${message} (${status === undefined ? "" : `${status} `}${code})`,
    ...details.map((problem) => `  ${problem.path}: ${problem.message}`),
    ...(step === undefined ? [] : [step]),
  ]
  return new ServiceRefused({ reason: lines.join("\n"), code })
}

const Refusal = Schema.Struct({
  error: Schema.Struct({
    code: Schema.String,
    message: Schema.String,
    details: Schema.optionalKey(Schema.Array(Problem)),
  }),
})
const decodeRefusal = Schema.decodeUnknownEffect(Refusal)

export const notOurs = (url: string, status: number) =>
  new ServiceRefused({
    reason: `${url} answered ${status}, but is not Crossfade: give its address with --url`,
  })

const answerOf = <Data>(
  url: string,
  response: HttpClientResponse.HttpClientResponse,
  envelope: Schema.Codec<{ readonly data: Data }, unknown>,
) => {
  const { status } = response
  const foreign = () => notOurs(url, status)
  const body = Effect.mapError(response.json, foreign)
  if (status === 200) return Effect.mapError(Effect.flatMap(body, Schema.decodeEffect(envelope)), foreign)
  return Effect.flatMap(Effect.mapError(Effect.flatMap(body, decodeRefusal), foreign), ({ error }) =>
    Effect.fail(refusal(status, error.code, error.message, error.details)),
  )
}

/** The data of the answer and its headers. Bodies of other services are never shown: they may repeat the request. */
export const exchange = <Data>(
  { token, url }: Service,
  request: HttpClientRequest.HttpClientRequest,
  envelope: Schema.Codec<{ readonly data: Data }, unknown>,
) =>
  request.pipe(
    HttpClientRequest.prependUrl(url),
    HttpClientRequest.bearerToken(token),
    HttpClient.execute,
    Effect.mapError(({ reason }) => {
      const cause = reason.cause instanceof Error ? reason.cause : reason
      return new ServiceUnreachable({ url, reason: reasonOf(cause) })
    }),
    Effect.flatMap((response) =>
      Effect.map(answerOf(url, response, envelope), (answer) => ({ answer, headers: response.headers })),
    ),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new ServiceUnreachable({ url, reason: `no answer in ${patience}` })),
    }),
  )

export const send = <Data>(
  service: Service,
  request: HttpClientRequest.HttpClientRequest,
  envelope: Schema.Codec<{ readonly data: Data }, unknown>,
) => Effect.map(exchange(service, request, envelope), ({ answer }) => answer.data)

/** A request with a JSON body. */
export const withBody = (method: "PATCH" | "POST" | "PUT", path: string, body: unknown) =>
  HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.make(method)(path), body)
