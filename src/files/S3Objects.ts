/**
 * Signed requests to one bucket of an S3-compatible store, with AWS Signature Version 4. Bodies are in memory, so each
 * request can be sent again after a failure of the connection or of the server.
 */
import { AwsV4Signer } from "aws4fetch"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { HttpMethod } from "effect/http/HttpMethod"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { createHash } from "node:crypto"

export interface Settings {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted<string>
  /** The bucket is a part of the path, not of the host name. */
  readonly pathStyle: boolean
}

export interface S3Request {
  readonly method: HttpMethod
  /** Empty: the bucket itself. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** The store answered with another status than 2xx, or not at all (`status` 0). */
export class S3Failed extends Data.TaggedError("S3Failed")<{
  readonly status: number
  readonly reason: string
}> {}

/** A part of 5 MiB over 1 Mbit/s takes 42 s. */
const timeLimit = "60 seconds"
const again = { schedule: Schedule.exponential("200 millis"), times: 2 }
const isTransient = ({ status }: S3Failed) => status === 0 || status >= 500 || status === 429
const empty = new Uint8Array()

export const urlOf = ({ bucket, endpoint, pathStyle }: Settings, key: string): URL => {
  const url = new URL(endpoint)
  const base = url.pathname.replace(/\/$/, "")
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`
  url.pathname = pathStyle ? `${base}/${bucket}/${key}` : `${base}/${key}`
  return url
}

/** The error's code in the answer, such as `NoSuchBucket`. Its text may repeat the access key. */
const codeIn = (text: string): string => /<Code>(\w{1,100})<\/Code>/.exec(text)?.[1] ?? "no error code"

const sign = (settings: Settings, { body = empty, headers = {}, key, method, query = {} }: S3Request) => {
  const url = urlOf(settings, key)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: { ...headers, "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") },
    accessKeyId: settings.accessKeyId,
    secretAccessKey: Redacted.value(settings.secretAccessKey),
    service: "s3",
    region: settings.region,
  })
  return Effect.promise(() => signer.sign())
}

export const make = (http: HttpClient.HttpClient, settings: Settings) => {
  const send = Effect.fnUntraced(function* (
    request: S3Request,
  ): Effect.fn.Return<HttpClientResponse.HttpClientResponse, S3Failed> {
    const signed = yield* sign(settings, request)
    const plain = HttpClientRequest.make(request.method)(signed.url).pipe(
      HttpClientRequest.setHeaders(Object.fromEntries(signed.headers)),
    )
    const answer = yield* http
      .execute(
        request.body === undefined
          ? plain
          : HttpClientRequest.bodyUint8Array(plain, request.body, "application/octet-stream"),
      )
      .pipe(
        Effect.timeout(timeLimit),
        Effect.mapError((error) => new S3Failed({ status: 0, reason: reasonOf(error) })),
      )
    if (answer.status < 300) return answer
    const text = yield* Effect.orElseSucceed(answer.text, () => "")
    return yield* new S3Failed({ status: answer.status, reason: codeIn(text) })
  })
  return (request: S3Request) => Effect.retry(send(request), { ...again, while: isTransient })
}

/** The address contains no secret, but the error of a client may contain its headers. */
const reasonOf = (error: { readonly _tag: string }): string =>
  Cause.isTimeoutError(error) ? `no answer in ${timeLimit}` : error._tag
