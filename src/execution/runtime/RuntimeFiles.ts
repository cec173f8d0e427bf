/** Files that the runtime made, fetched for the gateway's own address. Only addresses of the runtime's own are asked. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** The runtime does not have the file, or cannot be asked. */
export class FileUnavailable extends Schema.TaggedError<FileUnavailable>()("FileUnavailable", {
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

type Bytes = Stream.Stream<Uint8Array, FileUnavailable>

export class RuntimeFiles extends Context.Service<
  RuntimeFiles,
  { readonly fetch: (path: string) => Effect.Effect<Bytes, FileUnavailable> }
>()("crossfade/execution/runtime/RuntimeFiles") {
  /** `baseUrl` empty: there is no runtime, so there are no files. */
  static readonly layer = (baseUrl: string): Layer.Layer<RuntimeFiles, never, HttpClient.HttpClient> =>
    Layer.effect(
      RuntimeFiles,
      Effect.map(HttpClient.HttpClient, (client) => RuntimeFiles.of({ fetch: fetchWith(client, baseUrl) })),
    )
}

/** The address of `path` at the runtime; undefined when it leads anywhere else, or names credentials of its own. */
export const within = (baseUrl: string, path: string): URL | undefined => {
  if (baseUrl === "" || !URL.canParse(path, `${baseUrl}/`)) return undefined
  const base = new URL(`${baseUrl}/`)
  const url = new URL(path, base)
  const below = url.origin === base.origin && url.pathname.startsWith(base.pathname)
  return below && url.username === "" && url.password === "" ? url : undefined
}

const fetchWith = (client: HttpClient.HttpClient, baseUrl: string) =>
  Effect.fn("RuntimeFiles.fetch")(function* (path: string): Effect.fn.Return<Bytes, FileUnavailable> {
    const url = within(baseUrl, path)
    if (url === undefined) return yield* new FileUnavailable({})
    const response = yield* Effect.mapError(client.get(url), (cause) => new FileUnavailable({ cause }))
    if (response.status !== 200) return yield* new FileUnavailable({})
    return Stream.mapError(response.stream, (cause) => new FileUnavailable({ cause }))
  })
