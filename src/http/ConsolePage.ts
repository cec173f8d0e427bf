/**
 * The console's files, as `npm run build:console` leaves them, with their compressed forms. They are read at the first request
 * and stay in memory, because they are a part of the program.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { fileURLToPath } from "node:url"
import type { Readiness } from "../api/HealthApi.ts"
import { consoleFiles, pathOf } from "../domain/WebPage.ts"
import * as ContentPolicy from "./ContentPolicy.ts"
import { nothingHere } from "./ErrorMapping.ts"
import { pathOf as pathOfTarget } from "./RequestPath.ts"

const folder = fileURLToPath(new URL("../console/built/", import.meta.url))

/** Isolates the page's window group, so that no other page holds a reference to it. */
export const headersOf = (policy: string) => ({
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
})

const mediaTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
}

const extensionOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1)

const readAll = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const names = yield* files.readDirectory(folder)
  const contents = yield* Effect.forEach(names, (name) => files.readFile(`${folder}${name}`))
  return new Map(names.map((name, index) => [name, contents[index] ?? new Uint8Array()]))
})

const encodings = [
  ["br", "br"],
  ["gzip", "gz"],
] as const

/** The first form that the client accepts. A refusal by weight (`br;q=0`) is honoured. */
const formOf = (built: ReadonlyMap<string, Uint8Array>, name: string, accepted: string) => {
  for (const [encoding, extension] of encodings) {
    const bytes = built.get(`${name}.${extension}`)
    const isAccepted = new RegExp(
      `(?:^|,)\\s*${encoding}\\s*(?:;\\s*q=(?!0(?:\\.0*)?\\s*(?:,|$))[^,]*)?(?:,|$)`,
    )
    if (bytes !== undefined && isAccepted.test(accepted)) return { bytes, encoding }
  }
  return { bytes: built.get(name), encoding: undefined }
}

const missing = HttpServerResponse.text("The console is not built. Run: npm run build:console\n", {
  status: 503,
})

/** The names of the files have hashes of their contents, so browsers may cache them for ever. */
const cachedForEver = { "cache-control": "public, max-age=31536000, immutable" }

export const layer = (sandbox: (typeof Readiness.Type)["sandbox"]) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const built = yield* Effect.cached(readAll)
      const policy = ContentPolicy.ofConsole(
        sandbox === undefined ? [] : [sandbox.runtimeUrl, sandbox.modelUrl],
      )
      const served = (name: string, headers: Readonly<Record<string, string>>) =>
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const { bytes, encoding } = formOf(
            yield* built,
            name,
            request.headers["accept-encoding"]?.toLowerCase() ?? "",
          )
          if (bytes === undefined) return yield* nothingHere
          return HttpServerResponse.uint8Array(bytes, {
            contentType: mediaTypes[extensionOf(name)] ?? "application/octet-stream",
            headers: {
              ...headers,
              vary: "accept-encoding",
              ...(encoding === undefined ? {} : { "content-encoding": encoding }),
            },
          })
        })
      yield* router.add(
        "GET",
        pathOf.console,
        served("index.html", headersOf(policy)).pipe(
          Effect.catchTag("PlatformError", () => Effect.succeed(missing)),
        ),
      )
      yield* router.add(
        "GET",
        `${consoleFiles}*`,
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const name = pathOfTarget(request.url).slice(consoleFiles.length)
          return yield* name === "index.html" ? nothingHere : served(name, cachedForEver)
        }).pipe(Effect.catchTag("PlatformError", () => nothingHere)),
      )
    }),
  )
