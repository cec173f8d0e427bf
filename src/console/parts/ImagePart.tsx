/** An image: from a data URL, or from this gateway with the token. An image of another host is a link and is never loaded. */
import { useCallback, useEffect, useMemo } from "preact/hooks"
import type { MessageOf } from "../../client/Contract.ts"
import { visible } from "../../domain/PlainText.ts"
import { Loading, Notice } from "../kit/Kit.tsx"
import { useLoaded } from "../service/Loaded.ts"
import { open } from "../service/Service.ts"
import { partsText } from "../text/PartsText.ts"
import { useText } from "../text/Text.ts"
import { addressOf, isImageData } from "./Address.ts"

type ImageData = MessageOf<"image">["data"]

const sizeOf = ({ height, width }: ImageData) => {
  const of = (value: number | undefined) =>
    value !== undefined && value >= 1 && value <= 10_000 ? Math.round(value) : undefined
  const [w, h] = [of(width), of(height)]
  return { ...(w === undefined ? {} : { width: w }), ...(h === undefined ? {} : { height: h }) }
}

const Shown = ({ data, src }: { readonly data: ImageData; readonly src: string }) => (
  <img src={src} alt={visible(data.alt ?? data.caption ?? "")} {...sizeOf(data)} />
)

const Own = ({ data, path }: { readonly data: ImageData; readonly path: string }) => {
  const t = useText(partsText)
  const load = useCallback(
    async (signal: AbortSignal) => URL.createObjectURL(await (await open(path, { signal })).blob()),
    [path],
  )
  const { error, value } = useLoaded(load)
  useEffect(() => (value === undefined ? undefined : () => URL.revokeObjectURL(value)), [value])
  if (error !== undefined) return <Notice tone="bad">{t("imageFailed", { reason: error.message })}</Notice>
  return value === undefined ? <Loading /> : <Shown data={data} src={value} />
}

export const ImagePart = ({ data }: { readonly data: ImageData }) => {
  const t = useText(partsText)
  const address = useMemo(() => addressOf(data.url, location.origin), [data.url])
  return (
    <figure class="part image-part">
      {address.kind === "data" && isImageData(address.url) && <Shown data={data} src={address.url} />}
      {address.kind === "own" && <Own data={data} path={address.path} />}
      {address.kind === "link" && (
        <p class="quiet">
          {t("otherHost")}{" "}
          <a href={address.url} target="_blank" rel="noopener noreferrer">
            {visible(address.url)}
          </a>
        </p>
      )}
      {(address.kind === "refused" || (address.kind === "data" && !isImageData(address.url))) && (
        <p class="quiet">{t("unsafeLink")}</p>
      )}
      {data.caption !== undefined && <figcaption>{visible(data.caption)}</figcaption>}
    </figure>
  )
}
