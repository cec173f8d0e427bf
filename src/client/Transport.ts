/** Sends requests to the gateway: address, token, and the error of a refusal. */
import { Connection } from "./Connection.ts"
import { Credentials, type TokenSource } from "./Credentials.ts"
import { CrossfadeError, errorOfResponse } from "./CrossfadeError.ts"
import { Patience } from "./Patience.ts"

export interface ClientOptions {
  /** The gateway's address, such as `https://chat.example`. Empty in a page of the gateway itself. */
  readonly baseUrl: string
  /** A token or API key, or a callback that runs at first and again when the gateway refuses the last token. */
  readonly token: TokenSource
  /** By default the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds of failures in a row after which a stream or a request gives up; by default 60 000. */
  readonly resumeForMs?: number
  /**
   * Milliseconds without a byte after which a connection counts as dead; by default 75 000, which is two heartbeats of the
   * gateway and a margin.
   */
  readonly silenceMs?: number
}

export interface Call {
  readonly method: "GET" | "PATCH" | "POST" | "PUT" | "DELETE"
  /** A file, sent as it is. */
  readonly file?: Blob
  readonly path: string
  readonly accept: "application/json" | "application/x-ndjson" | "text/event-stream"
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly response: Response
  /** The token that the gateway accepted. */
  readonly token: string
}

export class Transport {
  readonly resumeForMs: number
  readonly silenceMs: number
  readonly credentials: Credentials
  readonly #baseUrl: string
  readonly #fetch: NonNullable<ClientOptions["fetch"]>

  constructor({ baseUrl, fetch, resumeForMs = 60_000, silenceMs = 75_000, token }: ClientOptions) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "")
    // Called as a method of another object, the browser's `fetch` fails.
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.credentials = new Credentials(token)
    this.resumeForMs = resumeForMs
    this.silenceMs = silenceMs
  }

  /** Fails with the gateway's error. A 401 gets one more try, with another token if there is one. */
  async open(call: Call, signal: AbortSignal): Promise<Answer> {
    const token = await this.credentials.token(signal)
    const response = await this.#send(call, token, signal)
    if (response.status !== 401) return { response: await accepted(response), token }
    const refused = errorOfResponse(401, await response.text(), response.headers, Date.now())
    await this.credentials.refuse(token)
    const renewed = await this.credentials.token(signal)
    if (renewed === token) throw refused
    return { response: await accepted(await this.#send(call, renewed, signal)), token: renewed }
  }

  /** The `data` of a JSON response. */
  async json(call: Omit<Call, "accept">, signal?: AbortSignal, silenceMs = this.silenceMs): Promise<unknown> {
    const patience = new Patience(this.resumeForMs, signal)
    for (;;) {
      try {
        return await this.#json({ ...call, accept: "application/json" }, signal, silenceMs)
      } catch (error) {
        await patience.wait(error)
      }
    }
  }

  async #json(call: Call, signal: AbortSignal | undefined, silenceMs: number): Promise<unknown> {
    const connection = new Connection(silenceMs, signal)
    try {
      const { response } = await connection.watch(this.open(call, connection.signal))
      const text = await connection.watch(response.text())
      return dataIn(text, response.status)
    } finally {
      connection.close()
    }
  }

  #send(
    { accept, body, file, headers, method, path }: Call,
    token: string,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = `${this.#baseUrl}${path}`
    const all = {
      accept,
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    }
    check(url, all)
    return this.#fetch(url, {
      method,
      signal,
      headers: all,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(file === undefined ? {} : { body: file }),
    })
  }
}

/** `fetch` rejects such a request with the same error as a broken connection, which would be tried again. */
const check = (url: string, headers: Readonly<Record<string, string>>): void => {
  try {
    const request = new Request(url, { headers })
    if (!request.url.startsWith("http")) throw new TypeError(`The address is not of HTTP: ${url}`)
  } catch (cause) {
    const message = "The request cannot be sent: check `baseUrl`, the token and the idempotency key."
    throw new CrossfadeError("REQUEST_INVALID", message, { cause })
  }
}

const accepted = async (response: Response): Promise<Response> => {
  if (response.ok) return response
  throw errorOfResponse(response.status, await response.text(), response.headers, Date.now())
}

const dataIn = (text: string, status: number): unknown => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new CrossfadeError("UNEXPECTED_RESPONSE", "The response is not JSON.", { status, cause })
  }
  if (typeof parsed === "object" && parsed !== null && "data" in parsed) return parsed.data
  throw new CrossfadeError("UNEXPECTED_RESPONSE", "The response has no data.", { status })
}

/** The path of a route with its one parameter. */
export const fill = (path: string, id: string): string => path.replace(/:\w+/, () => encodeURIComponent(id))
