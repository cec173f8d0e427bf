/** A file of a sent message. Its bytes need the token, so they are read by a request and shown as a blob. */
import { useEffect, useState } from "preact/hooks"
import type { UploadedFile } from "../../client/Contract.ts"
import { Failure } from "../kit/Kit.tsx"
import { open } from "../service/Service.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { visible } from "../../domain/PlainText.ts"

/** The address of the image's bytes in this page; undefined until they are read. */
const useBlobUrl = (path: string | undefined): string | undefined => {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (path === undefined) return undefined
    const aborting = new AbortController()
    let made: string | undefined
    const read = async () => {
      const response = await open(path, { signal: aborting.signal })
      made = URL.createObjectURL(await response.blob())
      if (aborting.signal.aborted) URL.revokeObjectURL(made)
      else setUrl(made)
    }
    // The link below it works without the image.
    read().catch(() => undefined)
    return () => {
      aborting.abort()
      if (made !== undefined) URL.revokeObjectURL(made)
    }
  }, [path])
  return url
}

const releaseAfterMs = 10_000

/** Always as a download: a file must not open as a page of this origin. */
const download = async ({ filename, url }: UploadedFile): Promise<void> => {
  const bytes = await (await open(url)).arrayBuffer()
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }))
  link.download = filename
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), releaseAfterMs)
}

const sizeOf = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`

export const SentFile = ({ file }: { readonly file: UploadedFile }) => {
  const t = useText(chatText)
  const [error, setError] = useState<Error>()
  const image = useBlobUrl(file.kind === "image" ? file.url : undefined)
  return (
    <div class="sent-file">
      {image !== undefined && <img src={image} alt={visible(file.filename)} />}
      <button
        type="button"
        class="button bare"
        title={t("download", { name: file.filename })}
        onClick={() =>
          void download(file).catch((cause: unknown) => setError(cause instanceof Error ? cause : undefined))
        }
      >
        <span aria-hidden="true">↓ </span>
        <bdi>{visible(file.filename)}</bdi> <span class="quiet">{sizeOf(file.bytes)}</span>
      </button>
      {error !== undefined && <Failure error={error} />}
    </div>
  )
}
