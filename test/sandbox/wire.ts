/**
 * A client that records every byte as it arrived: the sandbox promises bytes, so its tests read bytes. `pieces` are the
 * chunks of the HTTP body in their order; `ended` says whether the body ended or its connection was gone first.
 */
import * as http from "node:http"
import * as Effect from "effect/Effect"

export interface Received {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly pieces: ReadonlyArray<Buffer>
  readonly body: Buffer
  readonly ended: boolean
}

export interface Sent {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: http.OutgoingHttpHeaders
  /** Called with all bytes so far; true: the client leaves. */
  readonly leaveWhen?: (soFar: Buffer) => boolean
}

/** Resolves when the exchange is over in any way; fails when the connection is gone before any header. */
export const call = (url: string, sent: Sent = {}): Effect.Effect<Received, Error> =>
  Effect.callback((resume) => {
    const text = typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body)
    const method = sent.method ?? (sent.body === undefined ? "GET" : "POST")
    const request = http.request(url, { method, headers: sent.headers ?? {}, agent: false })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.on("response", (response) => {
      const pieces: Array<Buffer> = []
      const finish = () =>
        resume(
          Effect.succeed({
            status: response.statusCode ?? 0,
            headers: response.headers,
            pieces,
            body: Buffer.concat(pieces),
            ended: response.complete,
          }),
        )
      response.on("data", (piece: Buffer) => {
        pieces.push(piece)
        if (sent.leaveWhen?.(Buffer.concat(pieces))) request.destroy()
      })
      response.on("error", () => undefined)
      response.on("close", finish)
    })
    request.end(sent.body === undefined ? undefined : text)
    return Effect.sync(() => request.destroy())
  })

/** The body as JSON, typed as `A` without a check: the test asserts its contents. */
export const json = <A = Readonly<Record<string, unknown>>>(received: Received): A =>
  JSON.parse(received.body.toString("utf8"))

export interface WireEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  readonly timestamp: string
}

/** The payloads of the `data:` lines, with `fatal` UTF-8: a broken character throws. */
export const payloads = (body: Buffer, lineEnd: string): ReadonlyArray<string> =>
  new TextDecoder("utf-8", { fatal: true })
    .decode(body)
    .split(lineEnd + lineEnd)
    .filter((frame) => frame.startsWith("data: "))
    .map((frame) => frame.slice("data: ".length))

/** The events of a runtime stream, without `[DONE]`. */
export const events = (body: Buffer): ReadonlyArray<WireEvent> =>
  payloads(body, "\r\n")
    .filter((payload) => payload !== "[DONE]")
    .map((payload) => JSON.parse(payload))

export const execution = (message = "Where is the café?", session = "session-1") => ({
  session_id: session,
  agent_id: "00000000-0000-4000-8000-000000000001",
  org_id: "org-1",
  user_message: message,
  history_messages: [
    { role: "user", content: "before" },
    { role: "user", content: message },
  ],
  agent_config: { system_prompt: "Be kind.", model: "m", temperature: 0.7, max_tokens: 4096 },
  available_mcp_servers: [],
  available_sub_agents: [],
  metadata: { user_id: "u", run_id: "r", shadow: false, probe: false },
})

export const execute = (runtimeUrl: string, sent: Sent & { readonly message?: string } = {}) =>
  call(`${runtimeUrl}/api/v1/execute/stream`, { body: execution(sent.message), ...sent })

export const setFault = (url: string, body: unknown) => call(`${url}/sandbox/faults`, { body })

/** Repeats the request without a pause until the answer is right; the test's timeout is the limit. */
export const until = <A, E>(ask: Effect.Effect<A, E>, right: (answer: A) => boolean): Effect.Effect<A, E> =>
  Effect.filterOrElse(ask, right, () => until(ask, right))

interface Health {
  readonly active_executions: number
}

/** The number of running executions that the runtime reports. */
export const active = (runtimeUrl: string) =>
  Effect.map(call(`${runtimeUrl}/health`), (received) => json<Health>(received).active_executions)
