/**
 * Asks an HTTP scanner about a file. It gets the bytes by POST and answers `{"allow": true}` or `{"allow": false}` with
 * status 200. Any other answer, and none in time, refuses the file: an unscanned file is not stored.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { StoredFile } from "../store/Files.ts"
import * as StateLine from "../telemetry/StateLine.ts"

/** The scanner did not answer in time, or not as agreed. */
export class ScanUnavailable extends Schema.TaggedError<ScanUnavailable>()("ScanUnavailable", {
  reason: Schema.String,
}) {}

export class FileScanner extends Context.Service<
  FileScanner,
  {
    /** True: the file is allowed. */
    readonly allows: <E>(
      file: StoredFile,
      bytes: Stream.Stream<Uint8Array, E>,
    ) => Effect.Effect<boolean, ScanUnavailable>
  }
>()("crossfade/files/FileScanner") {
  /** Allows every file. */
  static readonly layerNone: Layer.Layer<FileScanner> = Layer.succeed(FileScanner, {
    allows: () => Effect.succeed(true),
  })

  static readonly layer = (
    url: string,
    timeoutMs: number,
  ): Layer.Layer<FileScanner, never, HttpClient.HttpClient> =>
    Layer.effect(
      FileScanner,
      Effect.map(HttpClient.HttpClient, (http) => make(http, url, timeoutMs, scannerLine())),
    )
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ allow: Schema.Boolean })))
/** The answer is a few bytes. */
const mostAnswerBytes = 64 * 1024

const scannerLine = () =>
  StateLine.make({
    failing: (reason) => `the file scanner failed (${reason}). Further failures are only counted`,
    recovered: (failures) => `the file scanner answers again, after ${failures} failures`,
  })

const make = (
  http: HttpClient.HttpClient,
  url: string,
  timeoutMs: number,
  line: StateLine.StateLine,
): FileScanner["Service"] => ({
  allows: (file, bytes) =>
    Effect.gen(function* () {
      const answer = yield* http.execute(
        HttpClientRequest.post(url).pipe(
          HttpClientRequest.setHeader("x-file-id", file.fileId),
          HttpClientRequest.bodyStream(bytes, { contentType: file.mediaType, contentLength: file.bytes }),
        ),
      )
      if (answer.status !== 200) return yield* new ScanUnavailable({ reason: `status ${answer.status}` })
      let size = 0
      const chunks = yield* Stream.runCollect(
        Stream.takeWhile(answer.stream, (chunk) => (size += chunk.length) <= mostAnswerBytes),
      )
      const { allow } = yield* decode(Buffer.concat(chunks).toString("utf8"))
      return allow
    }).pipe(
      Effect.timeout(timeoutMs),
      Effect.mapError((error) =>
        error._tag === "ScanUnavailable" ? error : new ScanUnavailable({ reason: error._tag }),
      ),
      Effect.tapError(({ reason }) => line.failed(reason)),
      Effect.tap(() => line.succeeded),
    ),
})
