/**
 * Fetches files that the runtime made, for the gateway's own address. It requests only addresses of the runtime,
 * follows no redirect, and limits each phase: the time until the answer begins, silence within it, and the whole. A
 * file's bytes are limited too.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { encodingOf } from "../AnswerEncoding.ts"
import * as BoundedBody from "../BoundedBody.ts"
import { plainHeaders, type RuntimeSettings } from "../RuntimeSettings.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"

/**
 * `gone`: the runtime does not have the file. Otherwise the runtime does not answer, or its answer cannot be passed
 * on.
 */
export class FileUnavailable extends Schema.TaggedError<FileUnavailable>()("FileUnavailable", {
  gone: Schema.Boolean,
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

/** The part of a file that a client requests. */
export interface RangeRequest {
  readonly range?: string | undefined
  readonly ifRange?: string | undefined
}

export interface File {
  /** 206: a part of the file. 416: there is no such part. */
  readonly status: 200 | 206 | 416
  /** The answer's headers that describe the bytes. */
  readonly headers: Readonly<Record<string, string>>
  readonly length: number | undefined
  readonly bytes: Stream.Stream<Uint8Array, FileUnavailable>
}

export interface Limits {
  /** Until the answer begins, including the connection. */
  readonly headersMs: number
  readonly idleMs: number
  readonly totalMs: number
  readonly bytes: number
}

/** A file exists when it is announced. A client may read a large one slowly. */
export const limits: Limits = {
  headersMs: 15_000,
  idleMs: 30_000,
  totalMs: 30 * 60_000,
  bytes: 256 * 1024 * 1024,
}

export class RuntimeFiles extends Context.Service<
  RuntimeFiles,
  {
    readonly fetch: (path: string, range?: RangeRequest) => Effect.Effect<File, FileUnavailable, Scope.Scope>
  }
>()("crossfade/execution/runtime/RuntimeFiles") {
  /** `baseUrl` empty: there is no runtime, so there are no files. */
  static readonly layer = (
    baseUrl: string,
    headers: RuntimeSettings["headers"],
    within: Limits = limits,
  ): Layer.Layer<RuntimeFiles, never, UpstreamHttp> =>
    Layer.effect(
      RuntimeFiles,
      Effect.map(UpstreamHttp, (http) =>
        RuntimeFiles.of({ fetch: fetchWith(http, baseUrl, plainHeaders(headers), within) }),
      ),
    )
}

/** The address of `path` at the runtime. Undefined if it leads elsewhere or contains credentials. */
export const within = (baseUrl: string, path: string): URL | undefined => {
  if (baseUrl === "" || !URL.canParse(path, `${baseUrl}/`)) return undefined
  const base = new URL(`${baseUrl}/`)
  const url = new URL(path, base)
  const below = url.origin === base.origin && url.pathname.startsWith(base.pathname)
  return below && url.username === "" && url.password === "" ? url : undefined
}

/** Accepts one range only: several ranges give an answer of another type. */
const isRange = (text: string): boolean => /^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$/.test(text)

const isSane = (text: string): boolean => /^[\x20-\x7e]{1,200}$/.test(text)

const rangeHeaders = ({ ifRange, range }: RangeRequest): Readonly<Record<string, string>> =>
  range === undefined || !isRange(range)
    ? {}
    : { range, ...(ifRange !== undefined && isSane(ifRange) ? { "if-range": ifRange } : {}) }

/** A client needs these to request the rest of a partly fetched file. */
const passed = ["accept-ranges", "content-range", "etag", "last-modified"]

const headersOf = ({ header }: Answer): Readonly<Record<string, string>> =>
  Object.fromEntries(
    passed.flatMap((name) => {
      const value = header(name)
      return value !== undefined && isSane(value) ? [[name, value]] : []
    }),
  )

const unavailable = (cause?: unknown) =>
  new FileUnavailable({ gone: false, ...(cause === undefined ? {} : { cause }) })

const statusOf = (
  { header, status }: Answer,
  asksRange: boolean,
): Effect.Effect<File["status"], FileUnavailable> => {
  if (status === 200) return Effect.succeed(200)
  const isPart = /^bytes (\d+-\d+|\*)\/(\d+|\*)$/.test(header("content-range") ?? "")
  if (asksRange && isPart && (status === 206 || status === 416)) return Effect.succeed(status)
  return Effect.fail(new FileUnavailable({ gone: status === 404 || status === 410 }))
}

const lengthOf = ({ header }: Answer): number | undefined => {
  const text = header("content-length") ?? ""
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const fetchWith = (
  http: UpstreamHttp["Service"],
  baseUrl: string,
  ownHeaders: Readonly<Record<string, string>>,
  limits: Limits,
) =>
  Effect.fnUntraced(function* (
    path: string,
    range: RangeRequest = {},
  ): Effect.fn.Return<File, FileUnavailable, Scope.Scope> {
    const url = within(baseUrl, path)
    if (url === undefined) return yield* new FileUnavailable({ gone: true })
    const headers = { ...ownHeaders, ...rangeHeaders(range) }
    const answer = yield* http
      .get({ url: url.href, headers })
      .pipe(Effect.timeout(limits.headersMs), Effect.mapError(unavailable))
    const status = yield* statusOf(answer, "range" in headers)
    const length = lengthOf(answer)
    if (encodingOf(answer) !== undefined || (length ?? 0) > limits.bytes) return yield* unavailable()
    const idle = limits.idleMs
    const late = Effect.andThen(Effect.sleep(limits.totalMs), Effect.fail(unavailable("too slow")))
    const bytes = BoundedBody.stream(answer, { bytes: limits.bytes, idle }).pipe(
      Stream.mapError(unavailable),
      Stream.interruptWhen(late),
    )
    return {
      status,
      headers: headersOf(answer),
      length: status === 416 ? 0 : length,
      bytes: status === 416 ? Stream.empty : bytes,
    }
  })
