/** Uploaded files. A file belongs to the user who uploaded it; a message refers to it by its id. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Attachment } from "../domain/Attachment.ts"
import { FileId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions, TakesFileLink } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { FileTicket, fileTicketQuery } from "./FileTicket.ts"
import { takesUploads, withConditions } from "./openapi/Uploads.ts"
import { pagedBy } from "./Paging.ts"
import { RouteErrors } from "./RouteErrors.ts"

/** `url`: the path of its bytes; it needs a token or a ticket. */
export const FileView = Schema.Struct({ ...Attachment.fields, url: Schema.String }).annotate({
  identifier: "File",
})
export type FileView = typeof FileView.Type

const StoredFileView = Schema.Struct({
  ...FileView.fields,
  sha256: Schema.String,
  /** Epoch milliseconds. */
  createdAt: Schema.Int,
})

/** The first file, and all files of the upload. */
export const Uploaded = Schema.Struct({ ...FileView.fields, files: Schema.NonEmptyArray(FileView) })

/** Writes have the limits of reads. */
const ofWrites = ["AUTH_AGENT_DENIED", "FILE_NOT_FOUND", "RATE_LIMIT_USER", "RATE_LIMIT_ORG"] as const

const page = pagedBy("files", FileId, 100)
const params = { fileId: FileId }

export class FilesApi extends HttpApiGroup.make("files")
  .add(
    // The body is no payload of the contract: it is read as it arrives, and described by `takesUploads`.
    HttpApiEndpoint.post("upload", "/", {
      query: {
        filename: Schema.optionalKey(
          Schema.String.annotate({
            description: "The name of a raw file. It is shown, and never used as a path.",
          }),
        ),
      },
      success: success(Uploaded),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, [
        "QUOTA_EXCEEDED",
        "REQUEST_TIMEOUT",
        "PAYLOAD_TOO_LARGE",
        "FILE_REFUSED",
        "RATE_LIMIT_USER",
        "RATE_LIMIT_ORG",
      ])
      .annotate(OpenApi.Transform, takesUploads)
      .annotate(OpenApi.Summary, "Upload files")
      .annotate(
        OpenApi.Description,
        "Stores one raw file, or up to 10 files of a form. The type is read from the bytes: PNG, JPEG, GIF and WebP images, PDF, and text in UTF-8. A file that no message uses within 24 h is deleted.",
      ),
    HttpApiEndpoint.get("list", "/", {
      query: page.query,
      success: success(Schema.Struct({ files: Schema.Array(StoredFileView), ...page.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "List your files")
      .annotate(OpenApi.Description, "The files of the caller, newest first."),
    HttpApiEndpoint.get("download", "/:fileId", {
      params,
      query: fileTicketQuery,
      success: HttpApiSchema.StreamUint8Array(),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(TakesFileLink, true)
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "FILE_NOT_FOUND", "FILE_UNAVAILABLE"])
      .annotate(OpenApi.Transform, withConditions)
      .annotate(OpenApi.Summary, "Download a file")
      .annotate(
        OpenApi.Description,
        "The bytes of an uploaded file, whole or a range of them. Browsers show images and save other files.",
      ),
    HttpApiEndpoint.delete("remove", "/:fileId", {
      params,
      success: success(Schema.Struct({ fileId: FileId })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ofWrites)
      .annotate(OpenApi.Summary, "Delete a file")
      .annotate(
        OpenApi.Description,
        "The file is gone at once, also for messages that refer to it. It cannot be restored.",
      ),
    HttpApiEndpoint.post("ticket", "/:fileId/ticket", {
      params,
      success: success(FileTicket),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ofWrites)
      .annotate(OpenApi.Summary, "Create a link to a file")
      .annotate(
        OpenApi.Description,
        "An `<img>` or `<a download>` cannot send a token. Use the `url` of this answer there. It opens this file for five minutes.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Images, PDFs and texts that a user sends with messages.")
  .annotate(OpenApi.Title, "Files")
  .prefix("/api/v1/files") {}
