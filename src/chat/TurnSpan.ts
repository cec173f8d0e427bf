/**
 * The server span of a turn. The turn opens and closes it, because the turn may outlive the connection that asked for it.
 */
import type { Decision } from "../domain/Decision.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import type { Run } from "../domain/Run.ts"
import * as Spans from "../telemetry/Spans.ts"

/** The arrival of a turn at the edge, as the turn's span shows it. */
export interface Arrival {
  /** The name of the span. */
  readonly name: string
  readonly attributes: Spans.Attributes
  /** Attributes to add when the run ends. */
  readonly endAttributes: Spans.Attributes
  /** Nanoseconds of the wall clock. */
  readonly at: bigint
  /** The caller's span. */
  readonly parent: Spans.SpanContext | undefined
}

export const open = (
  { at, attributes, name, parent }: Arrival,
  { principal, requestId }: { readonly principal: Principal; readonly requestId: string },
  sessionId: SessionId,
) =>
  Spans.open(name, {
    parent,
    kind: "server",
    startedAt: at,
    attributes: {
      ...attributes,
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

/** Closes the span at the end of its run. */
export const close = (span: Spans.SpanContext | undefined, endAttributes: Spans.Attributes, run: Run) =>
  Spans.close(span, {
    error:
      run.status === "completed" || run.status === "cancelled" ? undefined : (run.error?.code ?? run.status),
    attributes: {
      ...endAttributes,
      "crossfade.run.id": run.id,
      "crossfade.status": run.status,
      "crossfade.mode": run.executionMode ?? undefined,
      "crossfade.decision.reason": run.decision.reason,
    },
  })
