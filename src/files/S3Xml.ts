/** The few elements of S3's XML that this service reads and writes. Its keys contain no character to escape. Pure. */

export const first = (xml: string, element: string): string | undefined =>
  new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]

const unescaped = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")

const blocks = (xml: string, element: string): ReadonlyArray<string> =>
  Array.from(xml.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs")), ([, inner]) => inner ?? "")

const timeIn = (xml: string, element: string): number => Date.parse(first(xml, element) ?? "")

export interface Listed {
  readonly key: string
  /** Epoch milliseconds. */
  readonly at: number
}

export const objects = (xml: string): ReadonlyArray<Listed> =>
  blocks(xml, "Contents").map((entry) => ({
    key: unescaped(first(entry, "Key") ?? ""),
    at: timeIn(entry, "LastModified"),
  }))

export const uploads = (xml: string): ReadonlyArray<Listed & { readonly uploadId: string }> =>
  blocks(xml, "Upload").map((entry) => ({
    key: unescaped(first(entry, "Key") ?? ""),
    uploadId: unescaped(first(entry, "UploadId") ?? ""),
    at: timeIn(entry, "Initiated"),
  }))

/** The place of the next page; undefined at the end. */
export const nextPage = (xml: string): string | undefined => {
  const token = first(xml, "NextContinuationToken")
  return first(xml, "IsTruncated") === "true" && token !== undefined ? unescaped(token) : undefined
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

/** The parts in order, by the `ETag` of each. */
export const completed = (etags: ReadonlyArray<string>): string => {
  const parts = etags.map(
    (etag, place) => `<Part><PartNumber>${place + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
  )
  return `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`
}
