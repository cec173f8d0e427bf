/** Parts of an answer as text, for its stored message and the history. Pure. */
import type { Draft } from "../protocol/agent2ui/Message.ts"

/** Parts that are not text leave a short mark, so that an answer of only a table is not an empty message. */
export const mark = (draft: Draft): string => {
  switch (draft.type) {
    case "text":
    case "markdown":
      return draft.data.content
    case "code":
      return `\n\`\`\`${draft.data.language}\n${draft.data.code}\n\`\`\`\n`
    case "file":
      return `\n[file: ${draft.data.filename}]\n`
    case "image":
      return `\n[image: ${draft.data.alt ?? draft.data.caption ?? ""}]\n`
    case "interrupt":
      return `\n[interrupt: ${draft.data.message ?? draft.data.reason}]\n`
    case "table":
    case "chart":
    case "report":
      return `\n[${draft.type}]\n`
    default:
      return ""
  }
}
