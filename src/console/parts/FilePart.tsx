/** A file: its name, type and size, and a download by a link of five minutes. */
import { useMemo, useState } from "preact/hooks"
import type { MessageOf } from "../../client/Contract.ts"
import { visible } from "../../domain/PlainText.ts"
import { Button } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { dataOf, open } from "../service/Service.ts"
import { partsText } from "../text/PartsText.ts"
import { language, useText } from "../text/Text.ts"
import { addressOf, ticketRouteOf } from "./Address.ts"
import { errorOf } from "../kit/ErrorOf.ts"

type FileData = MessageOf<"file">["data"]

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const

const sizeText = (bytes: number, tag: string): string => {
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const unit = units[power] ?? "byte"
  // The short form of a byte has no plural.
  const unitDisplay = power === 0 ? "long" : "short"
  return new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(
    bytes / 1000 ** power,
  )
}

const save = (href: string, filename: string): void => {
  const link = document.createElement("a")
  link.href = href
  link.download = filename
  link.click()
}

/** A route without tickets is read with the token, and its bytes are saved. */
const download = async (path: string, filename: string): Promise<void> => {
  const route = ticketRouteOf(path)
  if (route !== undefined) {
    const { url } = await dataOf<{ readonly url: string }>(route, { method: "POST" })
    return save(url, filename)
  }
  const href = URL.createObjectURL(await (await open(path)).blob())
  save(href, filename)
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}

const Action = ({ data }: { readonly data: FileData }) => {
  const t = useText(partsText)
  const [problem, setProblem] = useState<string>()
  const address = useMemo(() => addressOf(data.url, location.origin), [data.url])
  if (address.kind === "refused") return <span class="quiet">{t("unsafeLink")}</span>
  if (address.kind === "link")
    return (
      <a href={address.url} target="_blank" rel="noopener noreferrer">
        {t("openLink")}
      </a>
    )
  const start = () => {
    setProblem(undefined)
    if (address.kind === "data") return save(address.url, data.filename)
    download(address.path, data.filename).catch((error: unknown) => setProblem(errorOf(error).message))
  }
  return (
    <>
      <Button onClick={start} aria-label={t("downloadFile", { name: visible(data.filename) })}>
        {t("download")}
      </Button>
      {problem !== undefined && (
        <span role="alert" class="file-failure">
          {t("failed", { reason: problem })}
        </span>
      )}
    </>
  )
}

export const FilePart = ({ data }: { readonly data: FileData }) => {
  const tag = useStore(language)
  return (
    <div class="part file-part">
      <bdi class="file-name">{visible(data.filename)}</bdi>
      <span class="quiet">
        {visible(data.mimeType)}
        {data.size !== undefined && ` · ${sizeText(data.size, tag)}`}
      </span>
      <Action data={data} />
    </div>
  )
}
