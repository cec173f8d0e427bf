/**
 * Decides each turn by the present settings: asks the breaker if the turn prefers the runtime, and draws the shadow
 * sample.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { AttachmentKind } from "../domain/Attachment.ts"
import type { Decision } from "../domain/Decision.ts"
import type { OrgId } from "../domain/Ids.ts"
import { Modes } from "../execution/Modes.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import * as ModeDecision from "./ModeDecision.ts"
import { Rollout } from "./Rollout.ts"
import { sampled } from "./ShadowSample.ts"

/** No mode that may take the turn has a target. */
export class NoModeAvailable extends Schema.TaggedError<NoModeAvailable>()("NoModeAvailable", {}) {}

/** Some mode may take the turn, but none takes its files. `allowed`: the kinds that can go together, one set a target. */
export class AttachmentsUnsupported extends Schema.TaggedError<AttachmentsUnsupported>()(
  "AttachmentsUnsupported",
  { kinds: Schema.Array(AttachmentKind), allowed: Schema.Array(Schema.Array(AttachmentKind)) },
) {}

/** `ticket` belongs to the turn's runtime attempt: its outcome is recorded with it, or it is released unused. */
interface Decided {
  readonly decision: Decision
  readonly ticket: Ticket | undefined
}

interface ModeSettings {
  /** 0 to 100: the share of the shadow sample that runs once more in its own mode. */
  readonly shadowSamePercent: number
}

export class ModeService extends Context.Service<
  ModeService,
  {
    readonly decide: (
      request: ModeDecision.Request,
    ) => Effect.Effect<Decided, AttachmentsUnsupported | NoModeAvailable>
    /** Returns a probe's lease if its attempt never ran. No effect once the attempt was recorded. */
    readonly release: (orgId: OrgId, ticket: Ticket | undefined) => Effect.Effect<void>
  }
>()("crossfade/decision/ModeService") {
  static readonly layer = (
    settings: ModeSettings,
  ): Layer.Layer<ModeService, never, Modes | Monitor | Rollout> => Layer.effect(ModeService, make(settings))
}

const make = Effect.fnUntraced(function* ({ shadowSamePercent }: ModeSettings) {
  const monitor = yield* Monitor
  const modes = yield* Modes
  const rollout = yield* Rollout
  const configured: ModeDecision.Available = {
    runtime: modes.targets("runtime_orchestrator").length > 0,
    direct: modes.targets("direct_llm").length > 0,
  }

  const decide = Effect.fnUntraced(function* (request: ModeDecision.Request) {
    const { settings } = yield* rollout.current
    const takes: ModeDecision.Takes = (mode) =>
      modes.takes(mode, { settings: request.runtime === undefined ? {} : { runtime: request.runtime } })
    const available = ModeDecision.availableTo(request, configured, takes)
    const forced = yield* monitor.override(request.orgId)
    const preferred = ModeDecision.preferredMode(settings, available, request, forced)
    if (preferred === undefined) {
      const allowed = ModeDecision.allowedKinds(settings, configured, takes, request, forced)
      return yield* allowed.length === 0
        ? new NoModeAvailable()
        : new AttachmentsUnsupported({ kinds: [...new Set(request.attachments)], allowed })
    }
    const share = { percent: ModeDecision.shadowPercent(request, settings), samePercent: shadowSamePercent }
    const reach = { ...available, neverRuntime: preferred.neverRuntime }
    const draw = yield* Random.next
    if (preferred.mode === "direct_llm") {
      return { decision: sampled(ModeDecision.direct(preferred), share, reach, draw), ticket: undefined }
    }
    const admission = preferred.asksBreaker
      ? yield* monitor.admit(request.orgId, request.sessionId)
      : undefined
    const decision = ModeDecision.runtime(preferred, available, admission)
    return { decision: sampled(decision, share, reach, draw), ticket: admission?.ticket }
  })

  const release: ModeService["Service"]["release"] = (orgId, ticket) =>
    ticket === undefined ? Effect.void : monitor.release(ticket, orgId)

  return ModeService.of({ decide, release })
})
