/** The client of the gateway for browsers and Node: the chat routes as functions, and turns as streams of events. */
import type {
  Body,
  ChatEvent,
  Data,
  ExportLine,
  Feedback,
  FeedbackPath,
  GivenFeedback,
  Path,
  PlacedMessage,
  Run,
  RunsPage,
  SearchPage,
  Session,
  SessionCancelled,
  SessionChanges,
  SessionCounts,
  SessionOverview,
  SessionsPage,
  SessionsPath,
  Uploaded,
  UploadedFile,
  Withdrawn,
} from "./Contract.ts"
import { exportLines } from "./Export.ts"
import { randomKey } from "./RandomKey.ts"
import { cancelRun, eventsCall, RunStream, type StreamOptions, turnCall } from "./RunStream.ts"
import { type Call, type ClientOptions, fill, Transport } from "./Transport.ts"

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

export interface SessionsOptions extends PageOptions {
  /** By default `activity`: pinned sessions first, then by the user's last message. */
  readonly order?: "activity" | "created"
  /** True: the archived sessions instead of the others. */
  readonly archived?: boolean
  /** By default both. */
  readonly pinned?: boolean
}

export interface UploadOptions extends ReadOptions {
  readonly filename?: string | undefined
}

export interface SessionOptions extends PageOptions {
  /** The page ends before this message. */
  readonly before?: string
  /** Only the path to this message, with siblings; `latest`: to the last one. By default the messages of all branches. */
  readonly leaf?: string | undefined
}

export interface SearchOptions extends PageOptions {
  readonly agentId?: string
  /** By default sessions that are not archived. */
  readonly archived?: "true" | "false" | "all"
}

export interface Client {
  /** Begins a session with its first message, and reads the answer. */
  readonly start: (turn: Body<"start">, options?: TurnOptions) => Events
  /** Sends a message to a session, and reads the answer. */
  readonly send: (sessionId: string, turn: Omit<Body<"send">, "retry">, options?: TurnOptions) => Events
  /** Answers the last message again, whose turn failed. */
  readonly retry: (sessionId: string, options?: TurnOptions) => Events
  /** Makes another answer to the question of a message, and reads it. A question that failed is answered again. */
  readonly regenerate: (
    messageId: string,
    choice?: NonNullable<Body<"regenerate">>,
    options?: TurnOptions,
  ) => Events
  /** Sends another version of a message of the user, and reads its answer. */
  readonly edit: (messageId: string, turn: Body<"edit">, options?: TurnOptions) => Events
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
  readonly sessions: (options?: SessionsOptions) => Promise<SessionsPage>
  readonly sessionCounts: (options?: ReadOptions) => Promise<SessionCounts>
  /** A session with its last messages. The next page has older ones. */
  readonly session: (sessionId: string, options?: SessionOptions) => Promise<Session>
  /** Renames, pins or archives a session. */
  readonly updateSession: (
    sessionId: string,
    changes: SessionChanges,
    options?: ReadOptions,
  ) => Promise<SessionOverview>
  /** Cancels the session's running run, if there is one. */
  readonly cancelSession: (sessionId: string, options?: ReadOptions) => Promise<SessionCancelled>
  /** The runs of a session, newest first. */
  readonly runsOf: (sessionId: string, options?: PageOptions) => Promise<RunsPage>
  /** The lines of an export of one session, or of all without an id. Throws unless the export is complete. */
  readonly exportSessions: (
    sessionId?: string,
    options?: ReadOptions,
  ) => AsyncGenerator<ExportLine, void, undefined>
  /** A message with its siblings and the end of its newest branch. */
  readonly message: (messageId: string, options?: ReadOptions) => Promise<PlacedMessage>
  /** Sessions with all words of `q` in a message or in the title, those with the newest match first. */
  readonly search: (q: string, options?: SearchOptions) => Promise<SearchPage>
  readonly run: (runId: string, options?: PageOptions) => Promise<Run>
  /** Cancels its running answer. A repeated call succeeds. */
  readonly deleteSession: (sessionId: string, options?: ReadOptions) => Promise<Data<"deleteSession">>
  /** Takes a deletion back, within the grace time of the gateway. */
  readonly restoreSession: (sessionId: string, options?: ReadOptions) => Promise<Data<"restoreSession">>
  /** Deletes the messages below it too. */
  readonly deleteMessage: (messageId: string, options?: ReadOptions) => Promise<Data<"deleteMessage">>
  readonly restoreMessage: (messageId: string, options?: ReadOptions) => Promise<Data<"restoreMessage">>
  /** Replaces the user's feedback on an answer. */
  readonly feedback: (messageId: string, given: GivenFeedback, options?: ReadOptions) => Promise<Feedback>
  /** `withdrawn` is false if there was no feedback. */
  readonly withdrawFeedback: (messageId: string, options?: ReadOptions) => Promise<Withdrawn>
}

const filesPath = "/api/v1/files"
/** The gateway ends an upload after 10 minutes, and answers after its last byte. */
const uploadSilenceMs = 11 * 60_000

const startPath: Path<"start"> = "/api/v1/chat/start"
const searchPath: Path<"search"> = "/api/v1/chat/search"
const exportAllPath: SessionsPath<"exportAll"> = "/api/v1/chat/export"
const runPath: Path<"run"> = "/api/v1/chat/runs/:runId"
const sessionsPath: Path<"sessions"> = "/api/v1/chat/sessions"
const countsPath: SessionsPath<"counts"> = "/api/v1/chat/sessions/counts"
const sessionPath: Path<"session"> = "/api/v1/chat/sessions/:sessionId"
const sendPath: Path<"send"> = sessionPath
const updatePath: SessionsPath<"update"> = sessionPath
const deleteSessionPath: Path<"deleteSession"> = sessionPath
const resumePath: Path<"resume"> = "/api/v1/chat/sessions/:sessionId/resume"
const cancelPath: SessionsPath<"cancel"> = "/api/v1/chat/sessions/:sessionId/cancel"
const runsPath: SessionsPath<"runs"> = "/api/v1/chat/sessions/:sessionId/runs"
const exportPath: SessionsPath<"export"> = "/api/v1/chat/sessions/:sessionId/export"
const restoreSessionPath: Path<"restoreSession"> = "/api/v1/chat/sessions/:sessionId/restore"
const messagePath: Path<"message"> = "/api/v1/chat/messages/:messageId"
const deleteMessagePath: Path<"deleteMessage"> = messagePath
const editPath: Path<"edit"> = "/api/v1/chat/messages/:messageId/edit"
const regeneratePath: Path<"regenerate"> = "/api/v1/chat/messages/:messageId/regenerate"
const restoreMessagePath: Path<"restoreMessage"> = "/api/v1/chat/messages/:messageId/restore"
const feedbackPath: FeedbackPath = "/api/v1/chat/messages/:messageId/feedback"

const query = (fields: object): string => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`
}

export const createClient = (clientOptions: ClientOptions): Client => {
  const transport = new Transport(clientOptions)

  const turn = (path: string, body: unknown, { idempotencyKey, ...options }: TurnOptions = {}): Events =>
    new RunStream(transport, turnCall(path, body, idempotencyKey ?? randomKey()), options).read()

  // The contract types of `Client` describe the gateway's responses; it validates them with the same schemas.
  const call = async <Value>(
    method: Call["method"],
    path: string,
    { signal }: ReadOptions = {},
    body?: unknown,
  ): Promise<Value> => (await transport.json({ method, path, body }, signal)) as Value

  const get = <Value>(path: string, { signal, ...fields }: ReadOptions = {}): Promise<Value> =>
    call("GET", path + query(fields), { signal })

  return {
    start: (body, options) => turn(startPath, body, options),
    send: (id, body, options) => turn(fill(sendPath, id), body, options),
    retry: (id, options) => turn(fill(sendPath, id), { retry: true }, options),
    regenerate: (id, choice = {}, options) => turn(fill(regeneratePath, id), choice, options),
    edit: (id, body, options) => turn(fill(editPath, id), body, options),
    resume: (id, answer, options) => turn(fill(resumePath, id), answer, options),
    events: (runId, { after = 0, ...options } = {}) =>
      new RunStream(transport, eventsCall(runId, after), { detach: true, ...options }, after).read(),
    upload: async (file, { filename, signal } = {}) => {
      const name = filename ?? ("name" in file && typeof file.name === "string" ? file.name : "file")
      const call = {
        method: "POST" as const,
        path: filesPath + query({ filename: name.toWellFormed() }),
        headers: { "content-type": file.type || "application/octet-stream" },
        file,
      }
      const data = (await transport.json(call, signal, uploadSilenceMs)) as Uploaded
      return data.files[0]
    },
    cancel: async (runId, { signal } = {}) => (await cancelRun(transport, runId, signal)) as Data<"cancel">,
    sessions: (options) => get(sessionsPath, options),
    session: (id, options) => get(fill(sessionPath, id), options),
    message: (id, options) => get(fill(messagePath, id), options),
    search: (q, options) => get(searchPath, Object.assign({ q }, options)),
    run: (id, options) => get(fill(runPath, id), options),
    deleteSession: (id, options) => call("DELETE", fill(deleteSessionPath, id), options),
    restoreSession: (id, options) => call("POST", fill(restoreSessionPath, id), options),
    deleteMessage: (id, options) => call("DELETE", fill(deleteMessagePath, id), options),
    restoreMessage: (id, options) => call("POST", fill(restoreMessagePath, id), options),
    feedback: async (id, given, options) =>
      (await call<{ readonly feedback: Feedback }>("PUT", fill(feedbackPath, id), options, given)).feedback,
    withdrawFeedback: (id, options) => call("DELETE", fill(feedbackPath, id), options),
    sessionCounts: (options) => get(countsPath, options),
    updateSession: (id, changes, options) => call("PATCH", fill(updatePath, id), options, changes),
    cancelSession: (id, options) => call("POST", fill(cancelPath, id), options),
    runsOf: (id, options) => get(fill(runsPath, id), options),
    exportSessions: (id, { signal } = {}) =>
      exportLines(transport, id === undefined ? exportAllPath : fill(exportPath, id), signal),
  }
}
