/**
 * The file parts that the real providers refuse, by wire, with their words. The sources are in
 * docs/reference/providers.md.
 */
type Json = Readonly<Record<string, unknown>>

const mb = 1024 * 1024
const webImages = ["image/jpeg", "image/png", "image/gif", "image/webp"]

const recordOf = (value: unknown): Json =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}
const recordsOf = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value.map(recordOf) : [])
const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const isBase64 = (text: string) => text !== "" && Buffer.from(text, "base64").toString("base64") === text

const splitUrl = (url: unknown) => {
  const [, type = "", data = ""] = /^data:([^;,]+);base64,(.*)$/s.exec(textOf(url)) ?? []
  return { type, data }
}

/** `place` names the part in the refusal. */
type PartRule = (part: Json, place: string) => string | undefined

const anthropicPart: PartRule = ({ source, text, title, type }, place) => {
  const { data, media_type: media, type: form } = recordOf(source)
  const base64 = `${place}.${textOf(type)}.source.base64`
  if (type === "text") return textOf(text).trim() === "" ? "text content blocks must be non-empty" : undefined
  if (type === "image") {
    if (!webImages.includes(textOf(media)))
      return `${base64}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`
    if (textOf(data).length > 5 * mb)
      return `${base64}: image exceeds 5 MB maximum: ${textOf(data).length} bytes > 5242880 bytes`
    return isBase64(textOf(data)) ? undefined : `${base64}.data: Invalid base64 data`
  }
  if (type !== "document") return `${place}: Input tag '${textOf(type)}' found using 'type' does not match`
  const length = title === undefined ? 1 : textOf(title).length
  if (length < 1 || length > 500)
    return `${place}.document.title: String should have at least 1 and at most 500 characters`
  if (form === "text")
    return media === "text/plain" && textOf(data) !== "" ? undefined : `${place}.document.source.text`
  if (media !== "application/pdf") return `${base64}.media_type: Input should be 'application/pdf'`
  return isBase64(textOf(data)) ? undefined : `${base64}.data: Invalid base64 data`
}

const imageUrl = (url: unknown): string | undefined => {
  const { data, type } = splitUrl(url)
  if (type !== "" && !type.startsWith("image/")) return "Invalid MIME type. Only image types are supported."
  return webImages.includes(type) && isBase64(data)
    ? undefined
    : "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp']."
}

const pdfFile = (file: Json, place: string): string | undefined => {
  const { data, type } = splitUrl(file["file_data"])
  if (textOf(file["filename"]) === "") return `Missing required parameter: '${place}.filename'.`
  return type === "application/pdf" && isBase64(data)
    ? undefined
    : `Invalid file data: '${place}.file_data'. Expected a base64-encoded data URL with an application/pdf MIME type, but got unsupported MIME type '${type}'.`
}

const chatPart: PartRule = ({ file, image_url: image, text, type }, place) => {
  if (type === "image_url") return imageUrl(recordOf(image)["url"])
  if (type === "file") return pdfFile(recordOf(file), `${place}.file`)
  if (type !== "text")
    return `Invalid value: '${textOf(type)}'. Supported values are: 'text', 'image_url', 'file'`
  return textOf(text) === "" ? `Invalid '${place}.text': empty string` : undefined
}

const responsesPart: PartRule = (part, place) => {
  if (part["type"] === "input_image")
    return typeof part["image_url"] === "string"
      ? imageUrl(part["image_url"])
      : `Invalid type for '${place}.image_url': expected an image URL`
  if (part["type"] === "input_file") return pdfFile(part, place)
  return part["type"] === "input_text" ? undefined : `Invalid value: '${textOf(part["type"])}'.`
}

const geminiTypes = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf"]

const geminiPart: PartRule = ({ inlineData, text }) => {
  if (inlineData === undefined) return textOf(text) === "" ? "contents.parts must not be empty" : undefined
  const { data, mimeType } = recordOf(inlineData)
  if (!geminiTypes.includes(textOf(mimeType))) return `Unsupported MIME type: ${textOf(mimeType)}`
  return isBase64(textOf(data)) ? undefined : "Base64 decoding failed for the inline data"
}

const rules = {
  "openai-compatible": { list: "messages", parts: "content", part: chatPart, most: 50 * mb },
  openai: { list: "input", parts: "content", part: responsesPart, most: 50 * mb },
  anthropic: { list: "messages", parts: "content", part: anthropicPart, most: 32 * mb },
  google: { list: "contents", parts: "parts", part: geminiPart, most: 20 * mb },
} as const

export type FileWire = keyof typeof rules

/** The reason for which the provider refuses a body, or undefined. */
export const fileRefusalOf = (wire: FileWire, body: unknown): string | undefined => {
  const { list, most, part, parts } = rules[wire]
  const bytes = Buffer.byteLength(JSON.stringify(body))
  if (bytes > most) return `Request exceeds the maximum size: ${bytes} bytes`
  const messages = recordsOf(recordOf(body)[list])
  const files = messages.flatMap((message) => recordsOf(message[parts]).filter(({ type }) => type !== "text"))
  if (wire === "anthropic" && files.length > 100)
    return `too many images and documents: ${files.length} > 100`
  for (const [index, message] of messages.entries())
    for (const [at, one] of recordsOf(message[parts]).entries()) {
      const refusal = part(one, `${list}[${index}].${parts}[${at}]`)
      if (refusal !== undefined) return refusal
    }
  return undefined
}
