/**
 * The memory of answers that are written whole: JSON of long sessions and runs. Such an answer is held until its reader has
 * taken it, so all of them together have a limit. Streams are not among them: each holds one page.
 */
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Bytes up to which an answer is not counted. */
const small = 64 * 1024
/** Bytes of all of them. One alone may have more. */
const most = 32 * 1024 * 1024

export class LargeAnswers {
  #held = 0

  /** Counts the answer until `closed` calls what it is given. False: there is no room for it now. */
  admit({ body }: HttpServerResponse.HttpServerResponse, closed: (release: () => void) => void): boolean {
    const bytes = body._tag === "Uint8Array" ? body.contentLength : 0
    if (bytes <= small) return true
    if (this.#held > 0 && this.#held + bytes > most) return false
    this.#held += bytes
    closed(() => {
      this.#held -= bytes
    })
    return true
  }
}
