/** All parts of the shadow runs, over the modes, the store and the live turns. */
import * as Layer from "effect/Layer"
import { LoadMeter } from "./LoadMeter.ts"
import * as Shadow from "./Shadow.ts"
import { ShadowJudge } from "./ShadowJudge.ts"
import { ShadowLedger } from "./ShadowLedger.ts"
import { ShadowReader } from "./ShadowReader.ts"

export interface ShadowRunsSettings extends Shadow.ShadowSettings {
  /** The name of a direct provider; empty: no pair is judged. */
  readonly judge: string
}

export const layer = (settings: ShadowRunsSettings) =>
  Layer.mergeAll(Shadow.Shadow.layer(settings), ShadowReader.layer).pipe(
    Layer.provide([ShadowJudge.layer(settings.judge), LoadMeter.layer]),
    Layer.provide(ShadowLedger.layer),
  )
