/**
 * Reads the gateway as a browser does: `fetch`, one streaming decoder, frames split on LF. It keeps the bytes, so
 * that a test can compare two readers.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { OrgId, UserId } from "../../src/domain/Ids.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import { testOperatorSecret, testSecret } from "./processes.ts"

export const defaultAgent = "00000000-0000-4000-8000-000000000001"

export interface Frame {
  readonly id: string | undefined
  readonly seq: number | undefined
  readonly event: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
  readonly data: any
}

const mint = (secret: string, org: string, user: string, permissions: ReadonlyArray<string>) =>
  Effect.runPromise(
    Jwt.mint(Redacted.make(secret), { orgId: OrgId.make(org), userId: UserId.make(user), permissions }, 1),
  )

export const tokenFor = (
  org = "acme",
  user = "ana",
  permissions: ReadonlyArray<string> = ["*"],
): Promise<string> => mint(testSecret, org, user, permissions)

/** A token with all permissions of operators. */
export const operatorToken = (
  permissions: ReadonlyArray<string> = ["operator:*"],
  org = "ops",
  user = "olga",
): Promise<string> => mint(testOperatorSecret, org, user, permissions)

/** The first write of a stream has the reader's cursor; the first frame follows without a blank line. */
const opening = /^: open\nid: \S+\n/

const parse = (block: string): Frame => {
  const lines = block.replace(opening, "").split("\n")
  const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  const id = field("id")
  return {
    id,
    seq: id === undefined ? undefined : Number(id.split(":")[1]),
    event: field("event") ?? "?",
    data: JSON.parse(field("data") ?? "null"),
  }
}

/**
 * An open stream: `next` returns the frames one by one, `rest` all remaining ones, `text` the text of the text
 * frames.
 */
export class Stream {
  readonly response: Response
  readonly frames: Array<Frame> = []
  bytes = new Uint8Array()
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })
  readonly #abort: AbortController
  #buffer = ""
  #queue: Array<Frame> = []

  constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.#reader = response.body?.getReader()
  }

  get runId(): string {
    return this.response.headers.get("x-run-id") ?? ""
  }

  get sessionId(): string {
    return this.response.headers.get("x-session-id") ?? ""
  }

  async next(): Promise<Frame | undefined> {
    while (this.#queue.length === 0) {
      const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined }
      if (done || value === undefined) return undefined
      this.bytes = Buffer.concat([this.bytes, value])
      const blocks = (this.#buffer + this.#decoder.decode(value, { stream: true })).split("\n\n")
      this.#buffer = blocks.pop() ?? ""
      this.#queue = blocks.map(parse)
    }
    const frame = this.#queue.shift()
    if (frame !== undefined) this.frames.push(frame)
    return frame
  }

  /** Reads until `wanted` holds for a frame. */
  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) {
      if (wanted(frame)) return frame
    }
    throw new Error(`the stream ended first: ${JSON.stringify(this.frames)}`)
  }

  async rest(): Promise<ReadonlyArray<Frame>> {
    while ((await this.next()) !== undefined);
    return this.frames
  }

  leave(): void {
    this.#abort.abort()
  }
}

export const ofType = (frames: ReadonlyArray<Frame>, type: string): ReadonlyArray<Frame> =>
  frames.filter((frame) => frame.event === "message" && frame.data.type === type)

export const textOf = (frames: ReadonlyArray<Frame>): string =>
  ofType(frames, "text")
    .map((frame) => frame.data.data.content)
    .join("")

export class Client {
  readonly url: string
  readonly token: string

  constructor(url: string, token: string) {
    this.url = url
    this.token = token
  }

  request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.url}${path}`, this.#init(method, body, headers))
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
  async json(method: string, path: string, body?: unknown): Promise<any> {
    return (await this.request(method, path, body)).json()
  }

  async stream(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Stream> {
    const abort = new AbortController()
    const init = { ...this.#init(method, body, headers), signal: abort.signal }
    return new Stream(await fetch(`${this.url}${path}`, init), abort)
  }

  start(message: unknown, headers: Record<string, string> = {}, query = ""): Promise<Stream> {
    return this.stream(
      "POST",
      `/api/v1/chat/start${query}`,
      { agentId: defaultAgent, message: asText(message) },
      headers,
    )
  }

  send(sessionId: string, message: unknown): Promise<Stream> {
    return this.stream("POST", `/api/v1/chat/sessions/${sessionId}`, { message: asText(message) })
  }

  events(runId: string, headers: Record<string, string> = {}, query = ""): Promise<Stream> {
    return this.stream("GET", `/api/v1/chat/runs/${runId}/events${query}`, undefined, headers)
  }

  #init(method: string, body: unknown, headers: Record<string, string>): RequestInit {
    return {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
  }
}

/** A scenario of the Python runtime is sent as JSON text. */
const asText = (message: unknown): string => (typeof message === "string" ? message : JSON.stringify(message))

/** Polls `ask` until it returns a value, to wait for another process. */
export const eventually = async <A>(ask: () => Promise<A | undefined | false>, seconds = 5): Promise<A> => {
  for (let tries = 0; tries < 40 * seconds; tries++) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error(`it did not happen within ${seconds} s`)
}
