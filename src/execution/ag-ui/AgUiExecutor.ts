/**
 * The `ag-ui` wire: sends the input of a run to the agent's endpoint and decodes the answer. AG-UI has no cancel: an agent
 * stops when the connection closes.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import { isNeverConnected } from "../ConnectionFailure.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import {
  type ExecutionError,
  parseRetryAfter,
  UpstreamTruncated,
  UpstreamUnreachable,
} from "../ExecutionError.ts"
import type { MakeWire, RuntimeWire } from "../RuntimeSettings.ts"
import * as RuntimeRefusal from "../runtime/RuntimeRefusal.ts"
import { type TransportFailed, UpstreamHttp } from "../UpstreamHttp.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import { AgUiDecoder } from "./AgUiDecoder.ts"
import * as AgUiRequest from "./AgUiRequest.ts"

const upstream = "runtime"

const isAnswer = (status: number): boolean => status === 200

const refusalOf = ({ body, header, now, status }: UpstreamStatus.Refusal): ExecutionError =>
  RuntimeRefusal.errorOf(status, body, parseRetryAfter(header("retry-after"), now))

const sendFailed = ({ cause }: TransportFailed): ExecutionError =>
  isNeverConnected(cause)
    ? new UpstreamUnreachable({ upstream, cause })
    : new UpstreamTruncated({ upstream, cause })

const logSkipped = ({ skipped }: AgUiDecoder) =>
  skipped === 0 ? Effect.void : Effect.logDebug(`skipped ${skipped} AG-UI events`)

export const make: MakeWire = ({ errorPatterns, history }) =>
  Effect.map(UpstreamHttp, (http) => {
    const execute: RuntimeWire["execute"] = (turn, { headers, url }) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { runId } = turn
          const decoder = new AgUiDecoder({ ...AgUiRequest.factsOf(turn), runId, errorPatterns })
          // Not `Stream.onExit`: it makes a generator function for each stream (decision 28).
          yield* Effect.addFinalizer(() => logSkipped(decoder))
          const answer = yield* http
            .post({
              url,
              headers: { ...headers, "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) },
              body: AgUiRequest.make(turn, history),
            })
            .pipe(
              Effect.mapError(sendFailed),
              Effect.flatMap((answer) => UpstreamStatus.check(answer, isAnswer, refusalOf)),
            )
          return DecodedAnswer.events(upstream, answer, decoder)
        }),
      )
    return { execute }
  })
