/**
 * A turn in a trace: the server's span of the request that asked for it. It goes on when the request's answer is a stream
 * that somebody else reads on, so it is opened and closed by the turn and not by the request.
 */
import type { Decision } from "../domain/Decision.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import type { Run } from "../domain/Run.ts"
import * as Spans from "../telemetry/Spans.ts"

/** A request that asks for a turn. */
export interface Arrival {
  /** As the contract writes it: `/api/v1/chat/start`. */
  readonly route: string
  /** Nanoseconds of the wall clock. */
  readonly at: bigint
  /** Where the caller stands. */
  readonly parent: Spans.SpanContext | undefined
}

export const open = (
  { at, parent, route }: Arrival,
  { principal, requestId }: { readonly principal: Principal; readonly requestId: string },
  sessionId: SessionId,
) =>
  Spans.open(`POST ${route}`, {
    parent,
    kind: "server",
    startedAt: at,
    attributes: {
      "http.request.method": "POST",
      "http.route": route,
      "crossfade.request.id": requestId,
      "crossfade.org.id": principal.orgId,
      "crossfade.session.id": sessionId,
    },
  })

export const decided = ({ cohort, order, probe, reason, shadow }: Decision): Spans.Attributes => ({
  "crossfade.decision.order": order.join(","),
  "crossfade.decision.reason": reason,
  "crossfade.decision.probe": probe,
  "crossfade.decision.shadow": shadow,
  "crossfade.decision.cohort": cohort,
})

/** At the end of its run. The answer was 200 whatever became of the turn: it was given before that was known. */
export const close = (span: Spans.SpanContext | undefined, run: Run) =>
  Spans.close(span, {
    error:
      run.status === "completed" || run.status === "cancelled" ? undefined : (run.error?.code ?? run.status),
    attributes: {
      "http.response.status_code": 200,
      "crossfade.run.id": run.id,
      "crossfade.status": run.status,
      "crossfade.mode": run.executionMode ?? undefined,
      "crossfade.decision.reason": run.decision.reason,
    },
  })
