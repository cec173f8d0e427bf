/** The invariants of a soak. Pure: events that readers saw, stored runs and counters go in, violations come out. */
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { isCall } from "../../src/protocol/agent2ui/MessageRole.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import type { Frame } from "../support/chatClient.ts"
import type { Sample } from "../support/prometheusText.ts"
import type { Visit } from "./Visit.ts"

/** A run as the API shows it, with its part of its session. */
export interface Kept {
  readonly status: string
  readonly attempts: ReadonlyArray<{
    readonly mode: string
    readonly target: string
    readonly shadow: boolean
    readonly outcome: string
    readonly startedAt: number
    readonly endedAt: number
  }>
  readonly answer: string | undefined
  /** Its events from the first one on, as a reader gets them now. */
  readonly replay: ReadonlyArray<Frame>
}

const ends = (frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> =>
  frames.filter(({ event }) => event === "done" || event === "error")

const draftOf = ({ data, event }: Frame): Draft | undefined => (event === "message" ? data : undefined)

const textOf = (frames: ReadonlyArray<Frame>): string => {
  const transcript = new Transcript()
  for (const frame of frames) {
    const draft = draftOf(frame)
    if (draft !== undefined) transcript.add(draft)
  }
  return transcript.text
}

const isGapless = (frames: ReadonlyArray<Frame>): boolean => frames.every(({ seq }, at) => seq === at + 1)

/** A call binds the turn: no other target may be tried after it. */
const movedAfterCall = (frames: ReadonlyArray<Frame>): boolean => {
  const types = frames.map((frame) => draftOf(frame)?.type)
  const called = types.findIndex((type) => type !== undefined && isCall(type))
  return called >= 0 && types.indexOf("fallback", called) > 0
}

const statusOfEnd = ({ data, event }: Frame): ReadonlyArray<string> => {
  if (event === "done") return ["completed"]
  return data.code === "EXECUTION_CANCELLED" ? ["cancelled"] : ["failed", "interrupted"]
}

/** Violations in the events of one reader. */
export const ofVisit = ({ broken, frames, runId, status, toTheEnd }: Visit): ReadonlyArray<string> => {
  if (broken !== undefined) return [broken]
  if (runId === undefined) return status === 503 || status === 429 ? [] : [`it was refused with ${status}`]
  const found: Array<string> = []
  if (!isGapless(frames)) found.push(`sequence ${frames.map(({ seq }) => seq).join(" ")}`)
  if (toTheEnd && ends(frames).length !== 1) found.push(`${ends(frames).length} ends`)
  if (ends(frames).length > 0 && ends(frames)[0] !== frames.at(-1)) found.push("something after the end")
  if (movedAfterCall(frames)) found.push("another target was asked after a call")
  return found
}

/** Violations in a stored run, compared with the events that its reader saw. */
export const ofRun = ({ frames }: Visit, kept: Kept): ReadonlyArray<string> => {
  const found: Array<string> = []
  const [end] = ends(kept.replay)
  if (end === undefined || ends(kept.replay).length !== 1)
    return [`the stored run has ${ends(kept.replay).length} ends`]
  if (!isGapless(kept.replay)) found.push("the stored run has gaps")
  if (!statusOfEnd(end).includes(kept.status))
    found.push(`it ended with ${end.event} and is kept as ${kept.status}`)
  const seen = JSON.stringify(frames).slice(0, -1)
  if (!JSON.stringify(kept.replay).startsWith(seen)) found.push("the stored run is not what its reader saw")
  if (end.event === "done" && kept.answer !== textOf(kept.replay))
    found.push("the stored answer is not what was shown")
  const later = kept.attempts
    .slice(1)
    .filter((attempt, at) => attempt.startedAt < (kept.attempts[at]?.endedAt ?? 0))
  if (later.length > 0) found.push("an attempt began before the one before it had ended")
  return found
}

const sum = (
  samples: ReadonlyArray<Sample>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number =>
  samples
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((total, { value }) => total + value, 0)

const keyOf = ({ labels, name }: Sample): string => name + JSON.stringify(labels)

/** The counters' growth since `before`; gauges unchanged. */
export const since = (before: ReadonlyArray<Sample>, now: ReadonlyArray<Sample>): ReadonlyArray<Sample> => {
  const then = new Map(before.map((sample) => [keyOf(sample), sample.value]))
  return now.map((sample) =>
    sample.name.endsWith("_total")
      ? { ...sample, value: sample.value - (then.get(keyOf(sample)) ?? 0) }
      : sample,
  )
}

const isFault = (outcome: string) => outcome === "error" || outcome.startsWith("timeout")

const count = <A>(all: ReadonlyArray<A>, wanted: (one: A) => boolean): number => all.filter(wanted).length

/** Violations in the counters after all runs have ended: each stored turn and attempt is counted once. */
export const ofCounters = (
  kept: ReadonlyArray<Pick<Kept, "status" | "attempts">>,
  samples: ReadonlyArray<Sample>,
): ReadonlyArray<string> => {
  const attempts = kept.flatMap((run) => run.attempts.filter(({ shadow }) => !shadow))
  const rows = [
    ...["completed", "failed", "cancelled", "interrupted"].map((outcome) => {
      const metric = sum(samples, "crossfade_turns_total", { outcome })
      return [`turns ${outcome}`, metric, count(kept, ({ status }) => status === outcome)] as const
    }),
    ...["runtime_orchestrator", "direct_llm"].flatMap((mode) => {
      const own = attempts.filter((attempt) => attempt.mode === mode)
      const metric = (name: string) => sum(samples, name, { mode })
      return [
        [`attempts ${mode}`, metric("chat_execution_total"), own.length],
        [
          `successes ${mode}`,
          metric("chat_execution_success_total"),
          count(own, ({ outcome }) => outcome === "success"),
        ],
        [
          `faults ${mode}`,
          metric("chat_execution_error_total"),
          count(own, ({ outcome }) => isFault(outcome)),
        ],
      ] as const
    }),
    ["runs under way", sum(samples, "crossfade_runs_in_flight"), 0] as const,
    ["open streams", sum(samples, "crossfade_streams_open"), 0] as const,
    ["events not stored", sum(samples, "crossfade_event_queue_events"), 0] as const,
  ]
  return rows.flatMap(([name, counted, seen]) =>
    counted === seen ? [] : [`${name}: the metric says ${counted}, clients and store say ${seen}`],
  )
}

export interface Transition {
  readonly orgId: string | null
  readonly from: string
  readonly to: string
  readonly at: number
  readonly reason: string
}

interface Fault {
  /** Epoch milliseconds. */
  readonly at: number
  readonly orgId: string
}

/** The failed attempts at the runtime. */
export const faultsOf = (
  runs: ReadonlyArray<Pick<Kept, "attempts"> & { readonly org: string }>,
): ReadonlyArray<Fault> =>
  runs.flatMap(({ attempts, org }) =>
    attempts.flatMap(({ endedAt, mode, outcome }) =>
      mode === "runtime_orchestrator" && isFault(outcome) ? [{ at: endedAt, orgId: org }] : [],
    ),
  )

/**
 * A breaker opens only after failed attempts within its window, and each transition begins in the last one's end
 * state.
 */
export const ofBreaker = (
  transitions: ReadonlyArray<Transition>,
  faults: ReadonlyArray<Fault>,
  windowMs: number,
): ReadonlyArray<string> => {
  const last = new Map<string | null, string>()
  return transitions
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at, from, orgId, reason, to }) => {
      const before = last.get(orgId)
      last.set(orgId, to)
      const name = `breaker of ${orgId ?? "all"} ${from} -> ${to} (${reason})`
      const found = before === undefined || before === from ? [] : [`${name} after it was ${before}`]
      if (to !== "open" || from !== "closed") return found
      // A stalled attempt is counted while it runs, and stored at its end.
      const near = faults.filter((fault) => fault.at > at - windowMs && fault.at < at + 15_000)
      const own = orgId === null ? near : near.filter((fault) => fault.orgId === orgId)
      return own.length >= 3 ? found : [...found, `${name} with ${own.length} faults around it`]
    })
}
