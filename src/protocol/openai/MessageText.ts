/**
 * The text of an answer for OpenAI's clients, which know only text. Parts that are not text become Markdown, because such
 * clients show it. Pure.
 */
import { fenced } from "../agent2ui/Fence.ts"
import type { Message } from "../agent2ui/Message.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

const label = (text: string): string => text.replace(/[\r\n]+/g, " ").replace(/[[\]\\]/g, "\\$&")

const address = (url: string): string =>
  url.replace(/[\s()<>]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`)

const cell = (value: unknown): string => {
  const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)
  return text.replace(/[\r\n]+/g, " ").replace(/\|/g, "\\|")
}

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = ({ columns, rows }: Of<"table">["data"]): string => {
  if (columns.length === 0) return "[table]"
  const head = [line(columns.map(({ title }) => cell(title))), line(columns.map(() => "---"))]
  return [...head, ...rows.map((row) => line(columns.map(({ key }) => cell(row[key]))))].join("\n")
}

const report = ({ sections, summary, title }: Of<"report">["data"]): string => {
  const parts = sections.map(
    ({ content, heading }) => `### ${heading}\n\n${content.map(messageText).join("").trim()}`,
  )
  return [`## ${title}`, ...parts, ...(summary === undefined ? [] : [summary])].join("\n\n")
}

/** A part that stands alone: blank lines keep it apart from the text around it. */
const block = (text: string): string => `\n\n${text}\n\n`

/** The text of one message; empty for a message that is no part of the answer. */
export const messageText = (message: Message): string => {
  switch (message.type) {
    case "text":
    case "markdown":
      return message.data.content
    case "code":
      return block(fenced(message.data.code, message.data.language))
    case "file":
      return block(`[${label(message.data.filename)}](${address(message.data.url)})`)
    case "image":
      return block(
        `![${label(message.data.alt ?? message.data.caption ?? "")}](${address(message.data.url)})`,
      )
    case "table":
      return block(table(message.data))
    case "chart":
      return block(`[chart${message.data.title === undefined ? "" : `: ${label(message.data.title)}`}]`)
    case "report":
      return block(report(message.data))
    default:
      return ""
  }
}
