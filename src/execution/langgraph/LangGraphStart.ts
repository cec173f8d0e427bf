/**
 * Decides where a turn starts: on a new thread, after a known answer, or at an interrupt.
 *
 * Given an unknown checkpoint, the server starts from an empty state without an error. So the checkpoint is looked up
 * first. If it is gone, a new thread gets the whole history.
 */
import * as Effect from "effect/Effect"
import { listOf, recordOf } from "../direct/JsonRead.ts"
import { type ExecutionError, UpstreamRejected } from "../ExecutionError.ts"
import type { Turn } from "../Executor.ts"
import { check } from "../UpstreamStatus.ts"
import { type LangGraphApi, refusalOf, sendFailed } from "./LangGraphApi.ts"
import * as LangGraphRecord from "./LangGraphRecord.ts"
import { isTemporary, metadataOf, type Start } from "./LangGraphRequest.ts"

const upstream = "runtime"

const pathOf = ({ thread }: LangGraphRecord.Place) => `/threads/${encodeURIComponent(thread)}`

const isThere = (api: LangGraphApi, place: LangGraphRecord.Place): Effect.Effect<boolean, ExecutionError> =>
  Effect.map(
    api.get(`${pathOf(place)}/state/${encodeURIComponent(place.checkpoint)}`),
    // An unknown checkpoint has no metadata.
    (state) => recordOf(recordOf(state)?.["metadata"]) !== undefined,
  )

/** Another run since then has answered the interrupts, or failed after it did. */
const isAnswered = (api: LangGraphApi, place: LangGraphRecord.Place) =>
  Effect.map(api.get(`${pathOf(place)}/runs?limit=1`), (runs) => {
    const newest = recordOf(listOf(runs)[0])?.["run_id"]
    return newest !== undefined && newest !== place.run
  })

/** The thread of a session has its id. If it exists, another branch or a failed turn has used it. */
const newThread = (api: LangGraphApi, turn: Turn): Effect.Effect<Start, ExecutionError> => {
  if (isTemporary(turn)) return Effect.succeed({ kind: "new", thread: turn.runId })
  const body = { thread_id: turn.sessionId, if_exists: "raise", metadata: metadataOf(turn) }
  return api.post("/threads", body).pipe(
    Effect.mapError(sendFailed),
    Effect.flatMap((answer) => check(answer, (status) => status === 200 || status === 409, refusalOf)),
    Effect.map(({ drain, status }): Start => {
      drain()
      return { kind: "new", thread: status === 200 ? turn.sessionId : turn.runId }
    }),
    Effect.scoped,
  )
}

const lost = new UpstreamRejected({ upstream, status: 404, detail: "the thread of the interrupt is gone" })

const resume = (api: LangGraphApi, place: LangGraphRecord.Place): Effect.Effect<Start, ExecutionError> =>
  Effect.map(isAnswered(api, place), (answered) => ({ kind: "resume", place, isAnswered: answered }))

export const startOf = (api: LangGraphApi, turn: Turn): Effect.Effect<Start, ExecutionError> => {
  const known = isTemporary(turn) ? undefined : LangGraphRecord.knownIn(turn.past)
  const resumes = turn.resume?.answers !== undefined
  const fresh = Effect.suspend(() => (resumes ? Effect.fail(lost) : newThread(api, turn)))
  if (known === undefined) return fresh
  return Effect.flatMap(isThere(api, known.place), (there) => {
    if (!there) return fresh
    return resumes ? resume(api, known.place) : Effect.succeed<Start>({ kind: "continue", ...known })
  })
}
