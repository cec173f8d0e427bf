/** `Runs` that also counts, for its organisation, the data that each turn stores. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { OrgUsage } from "./OrgUsage.ts"
import { Runs } from "./Runs.ts"

export const layer: Layer.Layer<Runs, never, OrgUsage | Runs> = Layer.effect(
  Runs,
  Effect.gen(function* () {
    const store = yield* Runs
    const usage = yield* OrgUsage
    return Runs.of({
      ...store,
      begin: (turn) =>
        Effect.map(store.begin(turn), () =>
          usage.count(turn.session.orgId, {
            sessions: turn.isNewSession ? 1 : 0,
            bytes:
              turn.retries === undefined && turn.asksAgain !== true
                ? Buffer.byteLength(turn.userMessage.content)
                : 0,
          }),
        ),
      end: (run, answer, unwritten, spent) =>
        Effect.map(store.end(run, answer, unwritten, spent), () => {
          if (answer !== undefined)
            usage.count(run.orgId, { sessions: 0, bytes: Buffer.byteLength(answer.content) })
        }),
    })
  }),
)
