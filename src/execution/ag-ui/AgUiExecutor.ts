/**
 * The `ag-ui` wire: sends the input of a run to the agent's endpoint and decodes the answer. AG-UI has no cancel: an agent
 * stops when the connection closes.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Spans from "../../telemetry/Spans.ts"
import * as ConnectionFailure from "../ConnectionFailure.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import type { ExecutionError } from "../ExecutionError.ts"
import { parseRetryAfter } from "../../domain/RetryAfterHeader.ts"
import type { MakeWire, RuntimeWire } from "../RuntimeSettings.ts"
import * as RuntimeRefusal from "../runtime/RuntimeRefusal.ts"
import { UpstreamHttp } from "../UpstreamHttp.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import { AgUiDecoder } from "./AgUiDecoder.ts"
import * as AgUiRequest from "./AgUiRequest.ts"

const upstream = "runtime"

const isAnswer = (status: number): boolean => status === 200

const refusalOf = ({ body, header, now, status }: UpstreamStatus.Refusal): ExecutionError =>
  RuntimeRefusal.errorOf(status, body, parseRetryAfter(header("retry-after"), now))

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
              Effect.mapError(ConnectionFailure.sendFailed(upstream)),
              Effect.flatMap((answer) => UpstreamStatus.check(answer, isAnswer, refusalOf)),
            )
          return DecodedAnswer.events(upstream, answer, decoder)
        }),
      )
    return { execute }
  })
