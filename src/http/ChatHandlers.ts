/** The chat routes: from the request to `Chat` and `RunReader`, and from what they give to SSE or JSON. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import { parseEventId } from "../agent2ui/Frame.ts"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { type Accepted, Chat } from "../chat/Chat.ts"
import { RunReader } from "../chat/RunReader.ts"
import { RunId, type SessionId } from "../domain/Ids.ts"
import { missingPermissions } from "../domain/Principal.ts"
import { RunNotFound, Runs } from "../recording/Runs.ts"
import { Sessions } from "../recording/Sessions.ts"
import { RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { answering, invalid, respond, type ServiceError } from "./ErrorMapping.ts"
import * as EventStream from "./EventStream.ts"
import * as FileResponse from "./FileResponse.ts"
import { RequestId } from "./RequestId.ts"
import { ruleInputs } from "./RuleInputs.ts"

interface StreamRequest {
  readonly headers: { readonly "last-event-id"?: string; readonly "x-agent2ui-protocol"?: string }
  readonly query: { readonly protocol?: "1" | "2"; readonly after?: number }
}

const protocolOf = ({ headers, query }: StreamRequest): EventStream.Protocol =>
  query.protocol === "1" || headers["x-agent2ui-protocol"] === "1" ? 1 : 2

const badEventId = respond(
  invalid([
    { path: "headers.last-event-id", message: "Expected <runId>:<seq> of this run, or a sequence number" },
  ]),
)

const mayNotRead = respond({ code: "AUTH_PERMISSION_DENIED", message: "The token lacks: chat:read." })

const defaultLimit = 20
/** Longer conversations are read by their runs. */
const messageLimit = 1000

export const layer = (settings: { readonly heartbeatMs: number }) =>
  HttpApiBuilder.group(
    Api,
    "chat",
    Effect.fnUntraced(function* (handlers) {
      const chat = yield* Chat
      const reader = yield* RunReader
      const runs = yield* Runs
      const live = yield* LiveRuns
      const sessions = yield* Sessions
      const files = yield* RuntimeFiles

      const caller = Effect.map(
        Effect.all([CurrentPrincipal, RequestId, HttpServerRequest.HttpServerRequest]),
        ([principal, requestId, { headers }]) => ({ principal, requestId, ...ruleInputs(headers) }),
      )

      const stream = (request: StreamRequest, { log, run }: Accepted) =>
        EventStream.respond({
          run,
          source: { _tag: "Live", log, attach: live.attach(log) },
          after: 0,
          protocol: protocolOf(request),
          heartbeatMs: settings.heartbeatMs,
        })

      const resume = Effect.fnUntraced(function* (
        request: StreamRequest,
        runId: RunId,
        after: number,
        sessionId?: SessionId,
      ) {
        const { run, source } = yield* reader.events(yield* CurrentPrincipal, runId, after)
        if (sessionId !== undefined && run.sessionId !== sessionId) return yield* new RunNotFound({ runId })
        const protocol = protocolOf(request)
        return EventStream.respond({
          run,
          source,
          after,
          protocol,
          heartbeatMs: settings.heartbeatMs,
        })
      })

      /** A POST that names the event it has seen is a client that reconnects: it gets its run, never a second one. */
      const orResume = <E extends ServiceError, R>(
        request: StreamRequest,
        begin: Effect.Effect<Accepted, E, R>,
        sessionId?: SessionId,
      ): Effect.Effect<HttpServerResponse.HttpServerResponse, ServiceError, R | CurrentPrincipal> => {
        const given = request.headers["last-event-id"]
        if (given === undefined) return Effect.map(begin, (accepted) => stream(request, accepted))
        const id = parseEventId(given)
        if (id?.runId === undefined) return Effect.succeed(badEventId)
        const runId = RunId.make(id.runId.toLowerCase())
        // It reads, so it needs what reading needs.
        return Effect.flatMap(CurrentPrincipal, (principal) =>
          missingPermissions(principal, ["chat:read"]).length > 0
            ? Effect.succeed(mayNotRead)
            : resume(request, runId, id.seq, sessionId),
        )
      }

      return handlers.handleAll({
        start: (request) =>
          answering(
            orResume(
              request,
              Effect.flatMap(caller, (who) => chat.start(who, request.payload)),
            ),
          ),
        send: (request) =>
          answering(
            orResume(
              request,
              Effect.flatMap(caller, (who) => chat.send(who, request.params.sessionId, request.payload)),
              request.params.sessionId,
            ),
          ),
        events: (request) =>
          Effect.suspend(() => {
            const given = request.headers["last-event-id"]
            const id =
              given === undefined ? { runId: undefined, seq: request.query.after ?? 0 } : parseEventId(given)
            const foreign = id?.runId !== undefined && id.runId.toLowerCase() !== request.params.runId
            if (id === undefined || foreign) return Effect.succeed(badEventId)
            return answering(resume(request, request.params.runId, id.seq))
          }),
        sessions: ({ query }) =>
          answering(
            Effect.gen(function* () {
              const limit = query.limit ?? defaultLimit
              const page = {
                limit: limit + 1,
                ...(query.cursor === undefined ? {} : { before: query.cursor }),
              }
              const found = yield* sessions.list(yield* CurrentPrincipal, page)
              const shown = found.slice(0, limit)
              return ok({
                sessions: shown,
                nextCursor: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
              })
            }),
          ),
        session: ({ params }) =>
          answering(
            Effect.gen(function* () {
              const session = yield* sessions.get(yield* CurrentPrincipal, params.sessionId)
              return ok({ ...session, messages: yield* sessions.messages(session.id, messageLimit) })
            }),
          ),
        run: ({ params }) =>
          answering(
            Effect.map(
              Effect.flatMap(CurrentPrincipal, (who) => reader.account(who, params.runId)),
              ok,
            ),
          ),
        cancel: ({ params: { runId } }) =>
          answering(
            Effect.map(
              Effect.flatMap(CurrentPrincipal, (who) => reader.cancel(who, runId)),
              (cancelled) => ok({ runId, cancelled }),
            ),
          ),
        file: ({ params: { fileId, runId } }) =>
          answering(
            Effect.gen(function* () {
              yield* runs.get(yield* CurrentPrincipal, runId)
              return yield* FileResponse.make(files, yield* runs.file(runId, fileId))
            }),
          ),
      })
    }),
  )
