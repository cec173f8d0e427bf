/**
 * The operators' settings in memory, behind the same port as the real store; and default settings for tests about
 * other things.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Defaults } from "../../src/decision/RolloutState.ts"
import type { RolloutSettings } from "../../src/domain/RolloutSettings.ts"
import type { Change } from "../../src/store/Audit.ts"
import { RolloutStore, type StoredRollout } from "../../src/store/RolloutStore.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

export const rolloutSettings = (fields: Partial<RolloutSettings> = {}): RolloutSettings => ({
  defaultMode: "direct_llm",
  percentage: 0,
  enabledOrgs: [],
  deniedOrgs: [],
  rules: [],
  shadowPercentage: 0,
  thresholds: { errorRate: 0.5, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 10 },
  ...fields,
})

export const rolloutDefaults = (fields: Partial<RolloutSettings> = {}, isSandbox = false): Defaults => ({
  isSandbox,
  settings: rolloutSettings(fields),
  from: {
    defaultMode: "default",
    percentage: "environment",
    enabledOrgs: "default",
    deniedOrgs: "default",
    rules: "default",
    shadowPercentage: "default",
    thresholds: "default",
  },
})

export interface MemoryRollout {
  stored: StoredRollout
  readonly audit: Array<Change>
  /** If set, every read and write fails with it. */
  fail: StoreError | undefined
}

export const memoryRollout = (): MemoryRollout => ({
  stored: { version: 0, operator: {} },
  audit: [],
  fail: undefined,
})

export const memoryRolloutStore = (data: MemoryRollout = memoryRollout()) => {
  const use = <A>(f: () => A) =>
    Effect.suspend(() => (data.fail === undefined ? Effect.sync(f) : Effect.fail(data.fail)))
  return Layer.succeed(
    RolloutStore,
    RolloutStore.of({
      load: use(() => data.stored),
      changedSince: (version) => use(() => (data.stored.version === version ? undefined : data.stored)),
      save: (base, operator, change) =>
        use(() => {
          if (data.stored.version !== base) return undefined
          data.audit.push(change)
          data.stored = { version: base + 1, operator }
          return data.stored
        }),
    }),
  )
}
