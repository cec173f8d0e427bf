/** The stages of a turn and the background work. Modes, store and platform stay open, so that a test can replace them. */
import * as Layer from "effect/Layer"
import { Admission } from "../admission/Admission.ts"
import { Reads } from "../admission/Reads.ts"
import { Uploads } from "../admission/Uploads.ts"
import { SessionQueue } from "../chat/SessionQueue.ts"
import { Chat } from "../chat/Chat.ts"
import { Idempotency } from "../chat/Idempotency.ts"
import { RunReader } from "../chat/RunReader.ts"
import { SessionTitles } from "../chat/SessionTitles.ts"
import { TurnRun } from "../chat/TurnRun.ts"
import type { Settings } from "../config/Config.ts"
import { ModeService } from "../decision/ModeService.ts"
import { Rollout } from "../decision/Rollout.ts"
import { Deletion } from "../deletion/Deletion.ts"
import * as ErasureJob from "../deletion/ErasureJob.ts"
import { Purger } from "../deletion/Purger.ts"
import { withoutSlash } from "../execution/RuntimeSettings.ts"
import { Execution } from "../execution/Execution.ts"
import * as Prober from "../execution/Prober.ts"
import * as Fleet from "./Fleet.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import { Series } from "../monitoring/Series.ts"
import { Notifications } from "../notify/Notifications.ts"
import * as BaselineMemory from "../recording/BaselineMemory.ts"
import { BreakerMemory } from "../recording/BreakerMemory.ts"
import * as Membership from "../replica/Membership.ts"
import { Recorder } from "../recording/Recorder.ts"
import { GuardedRollout } from "../rollout/GuardedRollout.ts"
import { LiveBytes } from "../runs/LiveBytes.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Pace } from "../runs/Pace.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import * as ShadowRuns from "../shadow/ShadowRuns.ts"
import * as StageSettings from "./StageSettings.ts"

/** Background work. */
const loops = (settings: Settings) =>
  Layer.mergeAll(Prober.layer, Fleet.health(settings), GuardedRollout.layer)

const baseline = ({ RUNTIME_SERVICE_URL }: Settings) =>
  RUNTIME_SERVICE_URL === "" ? Layer.empty : BaselineMemory.layer(withoutSlash(RUNTIME_SERVICE_URL))

/** Deletion by users, and the jobs that remove deleted data. */
export const deletion = (settings: Settings) => {
  const { graceMs } = StageSettings.deletion(settings)
  return ErasureJob.layer.pipe(
    Layer.provideMerge(Purger.layer(StageSettings.deletion(settings))),
    Layer.provideMerge(Deletion.layer(graceMs)),
  )
}

export const layer = (settings: Settings) =>
  Layer.mergeAll(
    Chat.layer({ historyMaxTokens: settings.CHAT_HISTORY_MAX_TOKENS }),
    Idempotency.layer,
    SessionQueue.layer(settings.CHAT_ON_BUSY),
    loops(settings),
  ).pipe(
    Layer.provideMerge(RunReader.layer),
    Layer.provideMerge([
      Admission.layer(StageSettings.admission(settings)),
      Reads.layer(StageSettings.reads(settings)),
      Uploads.layer(StageSettings.uploads(settings)),
    ]),
    Layer.provideMerge(TurnRun.layer),
    Layer.provideMerge(SessionTitles.layer(settings.CHAT_TITLES)),
    Layer.provideMerge(BreakerMemory.layer),
    Layer.provideMerge(baseline(settings)),
    Layer.provideMerge(ShadowRuns.layer(StageSettings.shadow(settings))),
    Layer.provideMerge(Execution.layer(StageSettings.execution(settings))),
    Layer.provideMerge(ModeService.layer({ shadowSamePercent: settings.CHAT_RUNTIME_SHADOW_AA_PERCENT })),
    Layer.provideMerge(Rollout.layer(StageSettings.rollout(settings))),
    Layer.provideMerge(Recorder.layer),
    Layer.provideMerge(Series.layer),
    Layer.provideMerge(Monitor.layer(StageSettings.monitor(settings))),
    Layer.provideMerge([RecentTurns.layer, Notifications.layer]),
    Layer.provideMerge(Fleet.layer(settings)),
    Layer.provideMerge(Membership.layer),
    Layer.provideMerge(Shutdown.layer),
    Layer.provideMerge(Pace.layer),
    Layer.provideMerge(LiveBytes.layer(settings.MAX_LIVE_BYTES || undefined)),
    Layer.provideMerge(LiveRuns.layer({ detachGrace: settings.CHAT_DETACH_GRACE_MS })),
  )
