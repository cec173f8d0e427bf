/**
 * Serves nearly all turns without the generic stages of the contract: a small JSON body of an agent and a text, without
 * parameters. It uses the same credentials, permissions, schemas and handlers. All other requests, and all that are wrong, take
 * the way of the contract, which answers them.
 */
import { toIncomingMessage } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import { Api } from "../api/Api.ts"
import type { CurrentPrincipal } from "../api/Authorization.ts"
import { SessionId } from "../domain/Ids.ts"
import { servedFor } from "./Authentication.ts"
import { Callers } from "./Callers.ts"
import { ChatTurns } from "./ChatTurns.ts"
import { respond, toPublic } from "./ErrorMapping.ts"
import * as PlainBody from "./PlainBody.ts"

type Incoming = ReturnType<typeof toIncomingMessage>
type Response = HttpServerResponse.HttpServerResponse
type TurnServices = Effect.Services<ReturnType<ChatTurns["Service"]["start"]>>
type Request = Exclude<TurnServices, CurrentPrincipal>
type Turn = Effect.Effect<Response, never, TurnServices>

const { send, start } = Api.groups.chat.endpoints

/** Bytes. A larger body is rare, and needs the limits of the contract. */
const largest = 64 * 1024

/** They change what the body or the response is. */
const unusual = ["content-encoding", "expect", "idempotency-key", "last-event-id", "transfer-encoding"]

const isPlain = ({ headers, method }: Incoming): boolean =>
  method === "POST" &&
  headers["content-type"] === "application/json" &&
  Number(headers["content-length"]) <= largest &&
  unusual.every((name) => headers[name] === undefined)

/** The credential of a request that names exactly one. */
const credentialOf = ({ headers }: Incoming): string | undefined =>
  /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1]

const sessions = send.path.replace(":sessionId", "")
const isSessionId = Schema.is(SessionId)

/** The session in the path of `send`. */
const sessionOf = (url: string): SessionId | undefined => {
  const id = url.startsWith(sessions) ? url.slice(sessions.length) : ""
  return isSessionId(id) ? id : undefined
}

/** A small body arrives whole. A connection that closes before it interrupts the request. */
const bodyOf = (request: Incoming): Effect.Effect<Buffer> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.once("end", () =>
      resume(Effect.succeed(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))),
    )
  })

/** The way of the contract reads the same body. */
const withBody = (request: HttpServerRequest.HttpServerRequest, body: Buffer): void => {
  const bytes = new Uint8Array(body).buffer
  Object.defineProperties(request, {
    arrayBuffer: { value: Effect.succeed(bytes) },
    text: { value: Effect.succeed(new TextDecoder().decode(bytes)) },
  })
}

const make = Effect.gen(function* () {
  const callers = yield* Callers
  const turns = yield* ChatTurns

  const started = (text: string, headers: {}): Turn | undefined => {
    const payload = PlainBody.started(text)
    return payload && turns.start({ payload, headers, query: {} })
  }
  const sent = (sessionId: SessionId, text: string, headers: {}): Turn | undefined => {
    const payload = PlainBody.sent(text)
    return payload && turns.send({ payload, headers, query: {}, params: { sessionId } })
  }

  return <E>(others: Effect.Effect<Response, E>) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request): Effect.Effect<Response, E, Request> => {
      const incoming = toIncomingMessage(request)
      const { headers, url = "" } = incoming
      const credential = isPlain(incoming) ? credentialOf(incoming) : undefined
      const sessionId = credential === undefined ? undefined : sessionOf(url)
      if (credential === undefined || (url !== start.path && sessionId === undefined)) return others
      const endpoint = sessionId === undefined ? start : send
      const protocol = headers["x-agent2ui-protocol"]
      const given = typeof protocol === "string" ? { "x-agent2ui-protocol": protocol } : {}
      const served = Effect.flatMap(bodyOf(incoming), (body): Effect.Effect<Response, E, TurnServices> => {
        const text = body.toString()
        const turn = sessionId === undefined ? started(text, given) : sent(sessionId, text, given)
        if (turn !== undefined) return turn
        withBody(request, body)
        return others
      })
      return Effect.matchEffect(callers.of(credential), {
        onFailure: (error) => respond(toPublic(error)),
        onSuccess: (caller) => servedFor(caller, endpoint, served),
      }).pipe(Effect.interruptible)
    })
})

export const layer = HttpRouter.middleware(make, { global: true })
