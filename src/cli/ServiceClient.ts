/** Requests of commands to a running service. A refusal shows the service's own message. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { reasonOf } from "../domain/Reason.ts"

export class ServiceRefused extends Schema.TaggedError<ServiceRefused>()("ServiceRefused", {
  reason: Schema.String,
}) {
  override get message(): string {
    return this.reason
  }
}

export interface Service {
  readonly url: string
  readonly token: Redacted.Redacted<string>
}

const patience = "30 seconds"

const Refusal = Schema.Struct({ error: Schema.Struct({ code: Schema.String, message: Schema.String }) })
const decodeRefusal = Schema.decodeUnknownEffect(Refusal)

const notOurs = (url: string, status: number) =>
  new ServiceRefused({
    reason: `${url} answered ${status}, but is not Crossfade: give its address with --url`,
  })

/** Returns the data of the answer. Bodies of other services are never shown: they may repeat the request. */
export const send = <Data>(
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
      return new ServiceRefused({ reason: `${url}: ${reasonOf(cause)}` })
    }),
    Effect.flatMap((response) => {
      const { status } = response
      const foreign = () => notOurs(url, status)
      const body = Effect.mapError(response.json, foreign)
      if (status === 200)
        return Effect.flatMap(body, (json) =>
          Effect.mapBoth(Schema.decodeEffect(envelope)(json), {
            onFailure: foreign,
            onSuccess: ({ data }) => data,
          }),
        )
      return Effect.flatMap(Effect.mapError(Effect.flatMap(body, decodeRefusal), foreign), ({ error }) =>
        Effect.fail(new ServiceRefused({ reason: `${error.message} (${status} ${error.code})` })),
      )
    }),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new ServiceRefused({ reason: `${url}: no answer in ${patience}` })),
    }),
  )
