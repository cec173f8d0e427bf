/** The routes of uploaded files. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Reads } from "../admission/Reads.ts"
import { Uploads } from "../admission/Uploads.ts"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { FileContents } from "../files/FileContents.ts"
import { FileIntake } from "../files/FileIntake.ts"
import { FileLinks, pathOf } from "../files/FileLinks.ts"
import { Files } from "../store/Files.ts"
import { viewOf } from "./AttachmentView.ts"
import * as BrowserLink from "./BrowserLink.ts"
import { answering } from "./ErrorMapping.ts"
import * as UploadBody from "./UploadBody.ts"
import * as UploadedFile from "./UploadedFile.ts"

const defaultLimit = 20

export const layer = HttpApiBuilder.group(
  Api,
  "files",
  Effect.fnUntraced(function* (handlers) {
    const contents = yield* FileContents
    const files = yield* Files
    const intake = yield* FileIntake
    const links = yield* FileLinks
    const reads = yield* Reads
    const uploads = yield* Uploads
    /** Authentication admits GET requests only. */
    const writer = Effect.tap(CurrentPrincipal, (principal) => reads.admit(principal))

    return handlers.handleAll({
      upload: ({ query }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            const request = yield* HttpServerRequest.HttpServerRequest
            yield* uploads.admit(principal)
            const incoming = UploadBody.filesIn(request, intake.maxBytes, query.filename)
            const [first, ...others] = yield* UploadBody.within(intake.receive(principal, incoming))
            if (first === undefined)
              return yield* new UploadBody.UploadUnreadable({ reason: "Expected at least one file" })
            const view = viewOf(first)
            return ok({ ...view, files: [view, ...others.map(viewOf)] as const })
          }),
        ),
      list: ({ query }) =>
        answering(
          Effect.gen(function* () {
            const page = yield* files.list(yield* CurrentPrincipal, pageOf(query, defaultLimit))
            const entries = page.entries.map((file) => ({
              ...viewOf(file),
              sha256: file.sha256,
              createdAt: file.createdAt,
            }))
            return ok({ files: entries, ...pageEnd(page) })
          }),
        ),
      download: ({ params }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* reads.file(principal)
            return yield* UploadedFile.make(contents, yield* files.get(principal, params.fileId))
          }),
        ),
      remove: ({ params: { fileId } }) =>
        answering(
          Effect.gen(function* () {
            yield* files.delete(yield* writer, fileId)
            return ok({ fileId })
          }),
        ),
      ticket: ({ params: { fileId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* writer
            yield* files.get(principal, fileId)
            return yield* BrowserLink.make(links, principal, pathOf(fileId))
          }),
        ),
    })
  }),
)
