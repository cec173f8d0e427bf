/** The responses that readers of a run get, read event by event from what is written. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { version1 } from "../../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../../src/protocol/agent2ui/Version2.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { Source } from "../../src/chat/RunReader.ts"
import type { Agent2UIVersion } from "../../src/domain/ProtocolDefaults.ts"
import type { RunDone } from "../../src/domain/Run.ts"
import * as EventStream from "../../src/http/EventStream.ts"
import * as Readers from "../../src/http/Readers.ts"
import type { Pages } from "../../src/store/RunPages.ts"
import { isTerminal, type RunEvent } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { settle } from "../execution/scripted.ts"
import { assistantMessageId, noon, run, runId, sessionId } from "../support/fixtures.ts"
import { parseStrict, type SseFrame } from "../support/sse.ts"

export const heartbeatMs = 1000
export const done: { readonly event: "done"; readonly data: RunDone } = {
  event: "done",
  data: {
    sessionId,
    messageId: assistantMessageId,
    runId,
    usage: { tokens: 7, latencyMs: 1 },
    executionMode: "direct_llm",
  },
}
export const retract: Draft = { type: "retract", data: { runId, fromSeq: 1, toSeq: 1, reason: "" } }
export const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } }

export const logOf = (...drafts: ReadonlyArray<Draft>): RunLog => {
  const log = new RunLog(runId)
  for (const draft of drafts) log.message(draft, noon)
  return log
}

/** As the store gives the events of a log, in pages of some of them. */
export const pagesOf =
  (log: RunLog, most = 64): Pages =>
  (after) =>
    Effect.succeed(
      log
        .read(0)
        .filter(({ event, seq }) => seq > after && !isTerminal(event))
        .slice(0, most)
        .map(({ event, seq }) => ({ event, seq })),
    )

export const live = (log: RunLog): Source => ({
  _tag: "Live",
  log,
  attach: Effect.void,
  pages: (after) => Effect.succeed(log.read(after, 64 * 1024)),
})
export const kept = (log: RunLog): Source => ({
  _tag: "Stored",
  pages: pagesOf(log),
  end: log.read(log.lastSeq - 1).find(({ event }) => isTerminal(event))?.event,
})
/** Nothing is kept but the end. */
export const endOnly = (end: RunEvent | undefined, isEndUnknown = false): Source => ({
  _tag: "Stored",
  pages: () => Effect.succeed([]),
  end,
  isEndUnknown,
})

export interface Reader {
  readonly after?: number
  readonly closing?: Effect.Effect<void>
  readonly protocol?: Agent2UIVersion
  readonly until?: number
  readonly onLeave?: Effect.Effect<void>
}

export const respond = (
  source: Source,
  { after = 0, closing = Effect.never, onLeave, protocol = 2, until = Number.POSITIVE_INFINITY }: Reader = {},
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, Scope.Scope> =>
  Effect.flatMap(
    Readers.make(heartbeatMs, closing, () => undefined),
    (readers) =>
      Effect.orDie(
        EventStream.respond({
          run: run(),
          source,
          after,
          protocol: protocol === 1 ? version1 : version2,
          readers,
          until: () => until,
          ...(onLeave === undefined ? {} : { onLeave }),
        }),
      ),
  )

/** The writes of a response, each as the events in it: an event that two writes shared would not parse. */
export const writesOf = (source: Source, reader?: Reader): Stream.Stream<ReadonlyArray<SseFrame>, unknown> =>
  Stream.unwrap(
    Effect.map(respond(source, reader), ({ body }) =>
      body._tag === "Stream" ? Stream.map(body.stream, parseStrict) : Stream.empty,
    ),
  )

/** All events of a response that ends. */
export const read = (source: Source, reader?: Reader) =>
  Effect.map(Stream.runCollect(writesOf(source, reader)), (writes) => writes.flat())

/** Reads on in the background; what has come is in `events`. */
export const reading = Effect.fnUntraced(function* (source: Source, reader?: Reader) {
  const events: Array<SseFrame> = []
  const program = Stream.runForEach(writesOf(source, reader), (write) =>
    Effect.sync(() => void events.push(...write)),
  )
  const fiber = yield* Effect.forkChild(program)
  yield* settle
  return { events, fiber }
})

export const brief = (frames: ReadonlyArray<SseFrame>) =>
  frames.map(({ data, event, id }) => {
    const { type } = JSON.parse(data) ?? {}
    return `${id?.split(":")[1] ?? "-"} ${type ?? event}`
  })

export const test = (name: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.effect(name, () => body)
