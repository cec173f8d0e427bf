/** The client of the gateway for browsers and Node: the chat routes as functions, and turns as streams of events. */
import type { Body, ChatEvent, Data, Path, Run, Session, SessionsPage, UploadedFile } from "./Contract.ts"
import { randomKey } from "./RandomKey.ts"
import { cancelRun, eventsCall, RunStream, type StreamOptions, turnCall } from "./RunStream.ts"
import { type ClientOptions, fill, Transport } from "./Transport.ts"

export type Events = AsyncGenerator<ChatEvent, void, undefined>

export interface TurnOptions extends StreamOptions {
  /** The same turn under the same key starts once. By default a new key; set it to repeat a turn after a reload. */
  readonly idempotencyKey?: string | undefined
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

export interface PageOptions extends ReadOptions {
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | null
  readonly limit?: number
}

export interface UploadOptions extends ReadOptions {
  readonly filename?: string | undefined
}

export interface Client {
  /** Begins a session with its first message, and reads the answer. */
  readonly start: (turn: Body<"start">, options?: TurnOptions) => Events
  /** Sends a message to a session, and reads the answer. */
  readonly send: (sessionId: string, turn: Omit<Body<"send">, "retry">, options?: TurnOptions) => Events
  /** Answers the last message again, whose turn failed. */
  readonly retry: (sessionId: string, options?: TurnOptions) => Events
  /** Answers the interrupts of the session's last run, and reads the answer. */
  readonly resume: (sessionId: string, answer: Body<"resume">, options?: TurnOptions) => Events
  /** Reads a run after the event `after`; by default all of it. An abort leaves the run alone, except with `detach: false`. */
  readonly events: (runId: string, options?: StreamOptions & { readonly after?: number }) => Events
  /**
   * Uploads a file for the `attachments` of a message. `filename` is the file's own by default. If the outcome of a try is
   * unknown, the file is sent again; the gateway deletes a file that no message uses.
   */
  readonly upload: (file: Blob, options?: UploadOptions) => Promise<UploadedFile>
  readonly cancel: (runId: string, options?: ReadOptions) => Promise<Data<"cancel">>
  readonly sessions: (options?: PageOptions) => Promise<SessionsPage>
  /** A session with its last messages. The next page has older ones. */
  readonly session: (sessionId: string, options?: PageOptions) => Promise<Session>
  readonly run: (runId: string, options?: PageOptions) => Promise<Run>
}

const filesPath = "/api/v1/files"
/** The gateway ends an upload after 10 minutes, and answers after its last byte. */
const uploadSilenceMs = 11 * 60_000

const startPath: Path<"start"> = "/api/v1/chat/start"
const sendPath: Path<"send"> = "/api/v1/chat/sessions/:sessionId"
const resumePath: Path<"resume"> = "/api/v1/chat/sessions/:sessionId/resume"
const sessionsPath: Path<"sessions"> = "/api/v1/chat/sessions"
const sessionPath: Path<"session"> = "/api/v1/chat/sessions/:sessionId"
const runPath: Path<"run"> = "/api/v1/chat/runs/:runId"

const query = ({ cursor, limit }: PageOptions): string => {
  const params = new URLSearchParams()
  if (cursor !== undefined && cursor !== null) params.set("cursor", cursor)
  if (limit !== undefined) params.set("limit", String(limit))
  const text = params.toString()
  return text === "" ? "" : `?${text}`
}

export const createClient = (clientOptions: ClientOptions): Client => {
  const transport = new Transport(clientOptions)

  const turn = (path: string, body: unknown, { idempotencyKey, ...options }: TurnOptions = {}): Events =>
    new RunStream(transport, turnCall(path, body, idempotencyKey ?? randomKey()), options).read()

  const get = async <Value>(path: string, options: PageOptions = {}): Promise<Value> =>
    // The contract types of `Client` describe the gateway's responses; it validates them with the same schemas.
    (await transport.json({ method: "GET", path: path + query(options) }, options.signal)) as Value

  return {
    start: (body, options) => turn(startPath, body, options),
    send: (sessionId, body, options) => turn(fill(sendPath, { sessionId }), body, options),
    retry: (sessionId, options) => turn(fill(sendPath, { sessionId }), { retry: true }, options),
    resume: (sessionId, answer, options) => turn(fill(resumePath, { sessionId }), answer, options),
    events: (runId, { after = 0, ...options } = {}) =>
      new RunStream(transport, eventsCall(runId, after), { detach: true, ...options }, after).read(),
    upload: async (file, { filename, signal } = {}) => {
      const name = filename ?? ("name" in file && typeof file.name === "string" ? file.name : "file")
      const call = {
        method: "POST" as const,
        path: `${filesPath}?filename=${encodeURIComponent(name.toWellFormed())}`,
        headers: { "content-type": file.type === "" ? "application/octet-stream" : file.type },
        file,
      }
      return (await transport.json(call, signal, uploadSilenceMs)) as UploadedFile
    },
    cancel: async (runId, { signal } = {}) => (await cancelRun(transport, runId, signal)) as Data<"cancel">,
    sessions: (options) => get(sessionsPath, options),
    session: (sessionId, options) => get(fill(sessionPath, { sessionId }), options),
    run: (runId, options) => get(fill(runPath, { runId }), options),
  }
}
