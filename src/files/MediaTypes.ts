/** The media types of files: the ones that a client may announce, and those that the service stores. Pure. */
import { extensionOf } from "./Filename.ts"

export const images = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const
export type ImageType = (typeof images)[number]

/** For the text of each refusal. */
export const allowed = "PNG, JPEG, GIF and WebP images, PDF, and text in UTF-8"

/** Announced types that say nothing. curl and forms without a type send them. */
const unknown = ["", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"]

const aliases: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-png": "image/png",
  "application/x-pdf": "application/pdf",
}

const textTypes = new Set(
  "json ndjson x-ndjson jsonl xml javascript x-javascript ecmascript typescript x-typescript yaml x-yaml toml sql graphql x-sh x-shellscript x-python x-ruby x-perl x-httpd-php x-tex x-latex"
    .split(" ")
    .map((name) => `application/${name}`),
)

/** Browsers announce these by the extension: `.ts` files as video, and `.csv` as Excel on Windows. */
const mistaken = ["video/mp2t", "video/vnd.dlna.mpeg-tts", "application/vnd.ms-excel"]

const byExtension: Readonly<Record<string, string>> = {
  md: "text/markdown",
  markdown: "text/markdown",
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  json: "application/json",
  html: "text/html",
  htm: "text/html",
  xml: "application/xml",
  svg: "image/svg+xml",
  yaml: "application/yaml",
  yml: "application/yaml",
}

/** Without parameters, in lower case. */
export const announcedType = (header: string | undefined): string => {
  const bare = (header ?? "").split(";")[0]?.trim().toLowerCase() ?? ""
  return aliases[bare] ?? bare
}

export const isUnknown = (announced: string): boolean => unknown.includes(announced)

const isText = (announced: string): boolean =>
  announced.startsWith("text/") || textTypes.has(announced) || /\+(json|xml|yaml)$/.test(announced)

/** The stored type of a text; undefined if the announced type is not one of a text. */
export const textType = (announced: string, filename: string): string | undefined => {
  const known = byExtension[extensionOf(filename)] ?? "text/plain"
  if (isUnknown(announced) || mistaken.includes(announced)) return known
  return isText(announced) && /^[\w.+/-]{1,100}$/.test(announced) ? announced : undefined
}

/** The `Content-Type` of a download. A text that a browser could run, such as HTML or SVG, is sent as plain text. */
export const servedType = (mediaType: string, kind: string): string => {
  if (kind !== "text") return mediaType
  const harmless = ["text/markdown", "text/csv", "application/json"]
  return `${harmless.includes(mediaType) ? mediaType : "text/plain"}; charset=utf-8`
}
