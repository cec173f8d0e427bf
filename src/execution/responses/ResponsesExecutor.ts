/**
 * The `responses` wire: sends `POST /responses` to a server of OpenAI's Responses API, or of Open Responses, that runs an
 * agent.
 *
 * The server has the conversation under the id of its last response. If it does not know that id any more, the whole
 * conversation is sent once, before anything was shown. A closed connection is the wire's only cancel.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import * as ConnectionFailure from "../ConnectionFailure.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { AnswerDecoder } from "../direct/AnswerDecoder.ts"
import { type ExecutionError, UpstreamRejected } from "../ExecutionError.ts"
import type { ExecutionEvent, Turn } from "../Executor.ts"
import type { Endpoint, MakeWire, RuntimeWire } from "../RuntimeSettings.ts"
import { UpstreamHttp } from "../UpstreamHttp.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import { ResponsesAnswer } from "./ResponsesAnswer.ts"
import { reader } from "./ResponsesReader.ts"
import { errorOf, isPreviousLost, upstream } from "./ResponsesRefusal.ts"
import * as ResponsesRequest from "./ResponsesRequest.ts"

const isAnswer = (status: number): boolean => status >= 200 && status < 300

const noDecision = new UpstreamRejected({ upstream, status: 422, detail: ResponsesRequest.noDecision })

export const make: MakeWire = Effect.fnUntraced(function* ({ errorPatterns }) {
  // Redirects are not followed: the runtime's address is configuration, not an answer.
  const http = yield* UpstreamHttp

  const send = (turn: Turn, { headers, url }: Endpoint, body: object) =>
    Effect.mapError(
      http.post({
        url: `${url}/responses`,
        headers: { ...headers, "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) },
        body,
      }),
      ConnectionFailure.sendFailed(upstream),
    )

  /** `onLost` runs if the server does not know the previous response. */
  const run = (
    turn: Turn,
    endpoint: Endpoint,
    body: object,
    onLost: () => void,
  ): Stream.Stream<ExecutionEvent, ExecutionError> => {
    const answer = new ResponsesAnswer(turn.runId, errorPatterns)
    const refused = (refusal: UpstreamStatus.Refusal) => {
      if (isPreviousLost(refusal.status, refusal.body)) onLost()
      return errorOf(refusal)
    }
    const onFailure = () => Effect.sync(() => (answer.previousLost ? onLost() : undefined))
    return Stream.unwrap(
      Effect.map(
        Effect.flatMap(send(turn, endpoint, body), (answered) =>
          Effect.tapError(UpstreamStatus.check(answered, isAnswer, refused), () =>
            Effect.sync(answered.drain),
          ),
        ),
        (answered) => DecodedAnswer.events(upstream, answered, new AnswerDecoder(answer, reader), onFailure),
      ),
    )
  }

  const execute: RuntimeWire["execute"] = (turn, endpoint) => {
    const request = ResponsesRequest.make(turn, endpoint)
    if (request === undefined) return Stream.fail(noDecision)
    const { body, whole } = request
    if (whole === undefined) return run(turn, endpoint, body, () => {})
    return Stream.suspend(() => {
      let lost = false
      return Stream.catch(
        run(turn, endpoint, body, () => {
          lost = true
        }),
        (error) => (lost ? run(turn, endpoint, whole, () => {}) : Stream.fail(error)),
      )
    })
  }

  return { execute }
})
