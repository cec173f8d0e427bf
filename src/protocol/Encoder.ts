/**
 * The port of an output protocol: all that HTTP needs to write a run in one wire format. To add one, write its encoder in a
 * folder beside this file, add one line to `Protocols.ts`, and run `test/protocol/encoderSuite.ts` on it. Pure: no IO and no
 * clock.
 */
import type { Run } from "../domain/Run.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { PublicError } from "./PublicError.ts"

/** The reason why a stream ends before its run. The client may reconnect and resume after its last event. */
export interface StreamError {
  readonly code: "AUTH_TOKEN_EXPIRED" | "EVENTS_UNAVAILABLE" | "SHUTTING_DOWN"
  readonly message: string
}

/**
 * Writes one stream of one run. `seq` is always the reader's cursor: the last event that it has. An empty string writes
 * nothing.
 */
export interface Encoder {
  /** True when nothing may follow: the terminal event was written, or the protocol cannot express the rest of the run. */
  readonly ended: boolean
  /** The first bytes. They are sent at once, with the headers; if empty, the headers wait for the first event. */
  opening(seq: number): string
  /** The next events of the run, in order. */
  frames(entries: ReadonlyArray<LogEntry>): string
  /** Sent after a silence, so that proxies and clients keep the connection. */
  heartbeat(seq: number): string
  /** The last bytes of a stream that ends before its run. */
  closing(error: StreamError, seq: number): string
  /**
   * Reads an event that the client got on an earlier connection. Present only in a protocol whose frames depend on earlier
   * events: a resumed stream then reads the run from its start.
   */
  skip?(entry: LogEntry): void
}

/** The body of an HTTP error response, and its `Content-Type`. */
export interface ErrorBody {
  readonly contentType: string
  readonly body: string
}

export interface OutputProtocol {
  readonly contentType: string
  /** Further headers of a stream. */
  readonly headers?: Readonly<Record<string, string>>
  readonly encoder: (run: Run) => Encoder
  readonly error: (error: PublicError) => ErrorBody
}
