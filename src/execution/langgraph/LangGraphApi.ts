/** The requests of the LangGraph wire besides the run's stream: small JSON, each with a time limit. */
import * as Effect from "effect/Effect"
import { parseJson } from "../direct/JsonRead.ts"
import * as BoundedBody from "../BoundedBody.ts"
import * as ConnectionFailure from "../ConnectionFailure.ts"
import {
  type ExecutionError,
  UpstreamGarbled,
  UpstreamMisconfigured,
  UpstreamTruncated,
  UpstreamUnavailable,
} from "../ExecutionError.ts"
import type { Turn } from "../Executor.ts"
import { parseRetryAfter } from "../../domain/RetryAfterHeader.ts"
import type { Endpoint } from "../RuntimeSettings.ts"
import * as RuntimeRefusal from "../runtime/RuntimeRefusal.ts"
import * as Spans from "../../telemetry/Spans.ts"
import type { Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import type { Refusal } from "../UpstreamStatus.ts"
import { check } from "../UpstreamStatus.ts"

const upstream = "runtime"

/** A state repeats the whole thread. */
const bodyLimits = { bytes: 16 * 1024 * 1024, idle: "5 seconds" } as const

export const sendFailed = ConnectionFailure.sendFailed(upstream)

/** 409: the thread is busy with another run, so nothing was started. 422 with this text: `RUNTIME_AGENT` is wrong. */
export const refusalOf = ({ body, header, now, status }: Refusal): ExecutionError => {
  if (status === 409) return new UpstreamUnavailable({ upstream, status })
  if (status === 422 && body.includes("Invalid assistant"))
    return new UpstreamMisconfigured({ upstream, status })
  return RuntimeRefusal.errorOf(status, body, parseRetryAfter(header("retry-after"), now))
}

/** The requests of one turn. */
export class LangGraphApi {
  readonly #http: UpstreamHttp["Service"]
  readonly #endpoint: Endpoint
  readonly #headers: Readonly<Record<string, string>>

  constructor(http: UpstreamHttp["Service"], turn: Turn, endpoint: Endpoint) {
    this.#http = http
    this.#endpoint = endpoint
    this.#headers = { ...endpoint.headers, "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) }
  }

  post(path: string, body: unknown) {
    return this.#http.post({ url: `${this.#endpoint.url}${path}`, headers: this.#headers, body })
  }

  delete(path: string) {
    return this.#http.get({
      url: `${this.#endpoint.url}${path}`,
      headers: this.#headers,
      method: "DELETE",
    })
  }

  /** The JSON of a GET, or undefined if the server answers 404. */
  get(path: string): Effect.Effect<unknown, ExecutionError> {
    return this.#http.get({ url: `${this.#endpoint.url}${path}`, headers: this.#headers }).pipe(
      Effect.timeout(bodyLimits.idle),
      Effect.mapError((error) =>
        error._tag === "TransportFailed" ? sendFailed(error) : new UpstreamTruncated({ upstream }),
      ),
      Effect.flatMap((answer) => check(answer, (status) => status === 200 || status === 404, refusalOf)),
      Effect.flatMap((answer) => (answer.status === 404 ? Effect.undefined : jsonOf(answer))),
      Effect.scoped,
    )
  }
}

const jsonOf = (answer: Answer): Effect.Effect<unknown, ExecutionError> =>
  BoundedBody.text(answer, bodyLimits).pipe(
    Effect.mapError((cause) => new UpstreamTruncated({ upstream, cause })),
    Effect.flatMap((text) => {
      const parsed = parseJson(text)
      return parsed === undefined
        ? Effect.fail(new UpstreamGarbled({ upstream, detail: "an answer that is not JSON" }))
        : Effect.succeed(parsed.json)
    }),
  )
