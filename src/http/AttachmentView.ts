/** Attachments as the API shows them: with the path of their bytes. */
import type { FileView } from "../api/FilesApi.ts"
import type { Attachment } from "../domain/Attachment.ts"
import { pathOf } from "../files/FileLinks.ts"

export const viewOf = ({ bytes, fileId, filename, kind, mediaType }: Attachment): FileView => ({
  fileId,
  filename,
  mediaType,
  kind,
  bytes,
  url: pathOf(fileId),
})

export const withUrls = <Message extends { readonly attachments: ReadonlyArray<Attachment> }>(
  message: Message,
) => ({ ...message, attachments: message.attachments.map(viewOf) })
