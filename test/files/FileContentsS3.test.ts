import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { FileId } from "../../src/domain/Ids.ts"
import { ContentsUnavailable, FileContents } from "../../src/files/FileContents.ts"
import * as FileContentsS3 from "../../src/files/FileContentsS3.ts"
import { urlOf } from "../../src/files/S3Objects.ts"
import type { Running } from "../support/processes.ts"
import { startS3 } from "../support/s3Server.ts"
import { suite } from "./FileContentsContract.ts"

let server: Running

beforeAll(async () => {
  server = await startS3("files-bucket")
}, 90_000)
afterAll(() => server.stop())

const settings = (endpoint: string) => ({
  endpoint,
  region: "us-east-1",
  bucket: "files-bucket",
  accessKeyId: "key",
  secretAccessKey: Redacted.make("secret"),
  pathStyle: true,
})

const layerAt = (endpoint: string, bucket = "files-bucket") =>
  Layer.provide(FileContentsS3.layer({ ...settings(endpoint), bucket }), NodeHttpClient.layerUndici)

suite("s3", () => layerAt(server.url))

const fileId = FileId.make("0190b2f4-1111-7111-8111-aaaaaaaaaaaa")

it.live("reports a bucket that does not exist as a failure, not as a missing file", () =>
  Effect.gen(function* () {
    const contents = yield* FileContents
    const error = yield* Effect.flip(Stream.runDrain(contents.read(fileId)))
    assert.instanceOf(error, ContentsUnavailable)
    assert.notInclude(String((error as ContentsUnavailable).cause), "secret")
  }).pipe(Effect.provide(layerAt(server.url, "no-such-bucket"))),
)

it.live("sends a request again after a failure of the server", () =>
  Effect.gen(function* () {
    const answers = [500, 503, 200]
    const requests: Array<string> = []
    const flaky = createServer((request, response) => {
      requests.push(`${request.method} ${request.url} ${request.headers["content-length"]}`)
      response.writeHead(answers.shift() ?? 500).end()
    })
    yield* Effect.promise(() => new Promise<void>((done) => flaky.listen(0, "127.0.0.1", done)))
    const { port } = flaky.address() as AddressInfo
    yield* Effect.gen(function* () {
      const contents = yield* FileContents
      yield* contents.write(fileId, Stream.make(new Uint8Array(3)), 10)
    }).pipe(Effect.provide(layerAt(`http://127.0.0.1:${port}`)))
    const request = `PUT /files-bucket/crossfade-files/${fileId} 3`
    assert.deepStrictEqual(requests, [request, request, request])
    flaky.close()
  }),
)

it("names the bucket in the path or in the host", () => {
  assert.strictEqual(
    urlOf(settings("https://s3.example/base"), "a").href,
    "https://s3.example/base/files-bucket/a",
  )
  assert.strictEqual(
    urlOf({ ...settings("https://s3.example"), pathStyle: false }, "a").href,
    "https://files-bucket.s3.example/a",
  )
})
