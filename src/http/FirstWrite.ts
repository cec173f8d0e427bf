/**
 * Sends the headers of a stream together with the first events of its run: one packet instead of two. They wait a moment at
 * most, because some clients and proxies take a silent service for a dead one.
 */
import { toServerResponse } from "@effect/platform-node/NodeHttpServerRequest"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { RunLog } from "../runs/RunLog.ts"

/** Milliseconds. A busy process gets the first events of a fast upstream within it; a reader does not notice it. */
const longestWait = 20

/** Call it before the headers are written. */
export const withFirstEvents = (request: HttpServerRequest.HttpServerRequest, log: RunLog): void => {
  if (log.lastSeq > 0) return
  const response = toServerResponse(request)
  const { socket } = response
  if (socket === null) return
  socket.cork()
  let isSent = false
  const send = (): void => {
    off()
    clearTimeout(timer)
    response.off("close", send)
    // The end of a response has sent everything, and the socket may serve another request by now.
    if (!isSent && !response.writableEnded) socket.uncork()
    isSent = true
  }
  // A timer of Node, not of the clock: it decides about packets, not about the turn. The immediate comes after events that
  // have arrived in a busy process.
  const timer = setTimeout(() => setImmediate(send), longestWait)
  // After the reader, which writes the events as it is woken.
  const off = log.onNext(() => process.nextTick(send))
  response.once("close", send)
}
