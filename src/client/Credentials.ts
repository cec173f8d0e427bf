/** The token of a client. The callback runs at the first request and again when the gateway refuses its last token. */
import { CrossfadeError } from "./CrossfadeError.ts"

export type TokenSource = string | (() => string | Promise<string>)

export class Credentials {
  readonly #source: TokenSource
  #current: Promise<string> | undefined

  constructor(source: TokenSource) {
    this.#source = source
  }

  /**
   * If the callback is still running when `signal` aborts, the next request calls it again. So a callback that hangs
   * does not block later requests.
   */
  token(signal: AbortSignal): Promise<string> {
    const current = (this.#current ??= this.#ask())
    const forget = () => {
      if (this.#current === current) this.#current = undefined
    }
    signal.addEventListener("abort", forget, { once: true })
    return current.finally(() => signal.removeEventListener("abort", forget))
  }

  /** Forgets a refused token. Requests that are refused together ask for one new token. */
  async refuse(token: string): Promise<void> {
    const current = this.#current
    if (current !== undefined && (await current) === token && this.#current === current)
      this.#current = undefined
  }

  async #ask(): Promise<string> {
    try {
      return typeof this.#source === "string" ? this.#source : await this.#source()
    } catch (cause) {
      this.#current = undefined
      throw new CrossfadeError("TOKEN_UNAVAILABLE", "The token callback failed.", { cause })
    }
  }
}
