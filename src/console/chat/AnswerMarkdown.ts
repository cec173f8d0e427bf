/** An answer as Markdown, for the clipboard. Pure. */
import type { Answer } from "../../client/Conversation.ts"
import type { Message, MessageOf } from "../../client/Contract.ts"
import { valueOf } from "../parts/TableRules.ts"

type Part = Answer["parts"][number]
type ReportData = MessageOf<"report">["data"]

const shown = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)

const cell = (value: unknown): string => shown(value).replaceAll("|", "\\|").replaceAll("\n", " ")

const tableOf = ({ columns, rows }: MessageOf<"table">["data"]): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    line(columns.map(({ title }) => cell(title))),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map(({ key }) => cell(valueOf(row, key))))),
  ].join("\n")
}

/** A fence longer than any in the code. */
const fenceFor = (code: string): string => {
  const longest = Math.max(2, ...Array.from(code.matchAll(/`+/g), ([run]) => run.length))
  return "`".repeat(longest + 1)
}

const codeOf = ({ code, language }: MessageOf<"code">["data"]): string => {
  const fence = fenceFor(code)
  return `${fence}${language}\n${code}\n${fence}`
}

const chartOf = ({ series, title, xAxis }: MessageOf<"chart">["data"]): string => {
  const columns = [
    { key: "x", title: xAxis?.name ?? "" },
    ...series.map(({ name }, index) => ({ key: String(index), title: name })),
  ]
  const count = Math.max(0, ...series.map(({ data }) => data.length))
  const rows = Array.from({ length: count }, (_, at) => ({
    x: xAxis?.data[at] ?? at + 1,
    ...Object.fromEntries(series.map(({ data }, index) => [String(index), data[at] ?? null])),
  }))
  const table = tableOf({ columns, rows })
  return title === undefined ? table : `**${title}**\n\n${table}`
}

/** A part of an answer, or a message inside of a report. */
const itemOf = (item: Part | Message): string => {
  switch (item.type) {
    case "text":
    case "markdown":
      return "content" in item ? item.content : item.data.content
    case "code":
      return codeOf(item.data)
    case "table":
      return tableOf(item.data)
    case "chart":
      return chartOf(item.data)
    case "image":
      return `![${item.data.alt ?? ""}](${item.data.url})`
    case "file":
      return `[${item.data.filename}](${item.data.url})`
    case "report":
      return reportOf(item.data)
    default:
      return ""
  }
}

const joined = (texts: ReadonlyArray<string>): string => texts.filter((text) => text !== "").join("\n\n")

const reportOf = ({ sections, title }: ReportData): string =>
  joined([
    `# ${title}`,
    ...sections.flatMap(({ content, heading }) => [`## ${heading}`, ...content.map(itemOf)]),
  ])

export const markdownOf = ({ parts }: Pick<Answer, "parts">): string => joined(parts.map(itemOf))
